"""Which layer is to blame: layers are compressed one at a time and restored one at a time, and answers are counted.

May import: params to train, and `lesion.predict`. Makes: `layers/`: a table of layers, the path of a suggestion which
layers to leave alone, the suggestion as an entry for params.yaml, and what it gives on other images.
"""
