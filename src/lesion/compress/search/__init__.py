"""How much of each tensor is pruned, where the network itself is asked: budgets of a cost, and searches by trials.

May import: what compress may, but no module that is loaded by name. Makes: numbers of groups to prune, by tensor.
"""
