"""One module an allocation (`contracts.Allocation`): how many groups of each tensor are pruned.

May import: torch, compress.grouping. Makes: for each tensor, the number of groups to prune in each row.
"""
