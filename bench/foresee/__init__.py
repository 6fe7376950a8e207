"""How cheap an early warning is: the tables of docs/results/foresee, made of studies and files that are at hand."""
