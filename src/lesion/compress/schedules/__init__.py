"""One module a schedule: at which step how much is pruned.

May import: params. Makes: the sparsity at each step.
"""
