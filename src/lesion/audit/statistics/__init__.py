"""A module a statistic, as `lesion.audit.contract` has it; there is nothing else in this folder.

May import: `comparison`, `inference`, the contract, and settings. Makes: `results/<study>/<statistic>/`.
"""
