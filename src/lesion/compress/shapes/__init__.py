"""One module a mask shape (`contracts.Shape`): which weights are pruned together.

May import: compress.grouping. Makes: the groups of each weight tensor.
"""
