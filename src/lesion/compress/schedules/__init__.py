"""One module a schedule: at which step how much is pruned.

`Schedule(options, steps=…)` takes the steps of one training and is asked about those of all, one after the other.
May import: params, compress.schedule. Makes: the sparsity at each step.
"""
