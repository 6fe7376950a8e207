"""One module a schedule (`contracts.ScheduleModule`): when weights are pruned, and how many.

`Schedule(options, steps=…)` gets the length of one training. Its methods count steps over all trainings.
May import: params, compress.schedule. Makes: the sparsity at each step.
"""
