"""One module an allocation: how many groups of each tensor are pruned.

May import: torch, compress.layout. Makes: a count for each tensor, of the groups to prune in each of its rows.
"""
