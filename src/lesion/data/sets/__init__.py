"""One module a data set, loaded by the name that params.yaml gives.

May import: params. Makes: arrays of images and labels.
"""
