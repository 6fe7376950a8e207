"""One module a family of networks (`contract.ModelFamily`), loaded by its name in params.yaml.

May import: params and torch. Makes: networks. Modules that are loaded by name import torch inside their functions:
reading params.yaml needs their `Options`, and must not take the seconds of importing torch.
"""
