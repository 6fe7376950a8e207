"""One module a method, loaded by the name that params.yaml gives.

May import: params and compress. Makes: compressed weights.
"""
