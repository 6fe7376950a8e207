"""One function a module: which share of each tensor is pruned.

May import: torch. Makes: a sparsity for each tensor.
"""
