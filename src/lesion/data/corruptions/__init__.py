"""The 19 corruptions of ImageNet-C at 5 severities, and a procedural frost, for batches of images.

The result for an image does not depend on the rest of its batch. May import: lesion.errors, lesion.seeds and the
decoder. Makes: nothing on disk. Callers use `corrupt.py`.
"""
