"""The images and labels of each study, and everything that is done to images before a model sees them.

May import: params and artifacts. Makes: `data/examples.parquet` and, for small sets, `data/images.safetensors`.
"""
