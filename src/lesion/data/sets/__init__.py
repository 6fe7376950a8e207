"""One module a data set (`data.contract.DatasetModule`), loaded by its name in params.yaml.

May import: params and data. Makes: images and labels.
"""
