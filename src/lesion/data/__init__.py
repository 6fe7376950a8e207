"""The images and labels of each study, and what can be done to them before a model sees them.

May import: params and artifacts. Makes: `data/examples.parquet` and, for small sets, `data/images.safetensors`.
"""
