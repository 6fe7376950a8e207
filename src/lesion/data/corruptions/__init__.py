"""The 19 corruptions x 5 severities of ImageNet-C on batches of images, reproducible for each example by itself.

May import: lesion.errors and lesion.seeds. Makes: nothing on disk; `corrupt.py` is the way in.
"""
