"""One module a method (`contracts.Method`), loaded by its name in params.yaml.

May import: params and compress. Makes: compressed weights.
"""
