"""One module a regrowth (`contracts.RegrowthModule`): how pruned weights come back.

May import: params, compress.masks, compress.periodic. Makes: new masks of the same sparsity.
`compress/regrowth.py` says what the class `Regrowth` must offer.
"""
