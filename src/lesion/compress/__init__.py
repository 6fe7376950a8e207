"""What makes a model smaller

May import:  methods, and the axes that pruning methods combine.. Makes: params, artifacts, models:masks while training, and checkpoints of derived variants.
"""
