"""Compression methods, and the parts that pruning methods combine. `contracts.py` says what each part must offer.

May import: params, artifacts, data and models. Makes: masks while training, and the checkpoints of derived variants.
"""
