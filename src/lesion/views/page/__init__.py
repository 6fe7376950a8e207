"""Anybody's predictions audited: files of two populations in, tables, figures and one page out. Never torch.

May import: params, artifacts, audit and figures. Makes: the folder that `lesion audit --out` names.
"""
