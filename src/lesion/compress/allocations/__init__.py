"""One module an allocation (`contracts.Allocation` or `SearchingAllocation`): how much of each tensor is pruned.

May import: torch, compress.grouping, compress.search. Makes: for each tensor, the number of groups to prune in a row.
"""
