"""The DAG of the steps, each declared once. Commands, rules, stages and versions of nodes are made from it.

May import: params, artifacts and plugins, but no step. Makes: `results/versions/`, `dvc.yaml`.
"""
