"""One module a statistic: what scores measure of a network on some training images.

May import: torch, compress.probe, compress.masks. Makes: tensors by name of the weight.

Derivatives are by the weights as the network computes with them, masked ones included: what a masked weight would get
if it were there, at zero.
"""
