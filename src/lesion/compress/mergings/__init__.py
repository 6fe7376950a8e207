"""One module a rule of merging (`contracts.Merging`): which units of a layer leave, and which take them over.

May import: torch, numpy, params, compress.merging. Makes: the units that stay, and each activation in terms of theirs.
"""
