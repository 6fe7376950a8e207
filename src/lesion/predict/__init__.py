"""The answers of each member to the test images: clean, corrupted and adversarial.

May import: params to train. Makes: `predictions/` and `robustness/`.
"""
