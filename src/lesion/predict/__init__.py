"""What each member says of each test image, clean, corrupted or adversarial.

May import: params to train. Makes: `predictions/` and `robustness/`.
"""
