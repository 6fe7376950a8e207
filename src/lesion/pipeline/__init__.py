"""The DAG, declared once: steps, artifacts, variants. Commands, rules, stages and code versions come from here.

May import: params and plugins; no step. Makes: `results/versions/`, `dvc.yaml`.
"""
