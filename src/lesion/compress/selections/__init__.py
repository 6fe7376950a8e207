"""Which input channels of a layer are kept, from samples of its inputs and of the outputs that it should give.

Loaded by name. May import: `compress.reconstruction`. A module has `Options` and `select` (`contracts.Selection`).
"""
