"""One module a measurement that scores make on some training images.

May import: torch, compress.probe, compress.masks. Makes: tensors by weight name.

Derivatives are with respect to the masked weights, at the point where the network computes: a pruned weight has its
derivative at zero.
"""
