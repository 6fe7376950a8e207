"""What makes a model smaller: methods, and the axes that pruning methods combine.

May import: params, artifacts, data and models. Makes: masks while training, and the checkpoints of derived variants.
"""
