"""Formats of predictions, a module each: `contract.Reader` says what it has. It is found by lying in this folder.

May import: the rest of `files`. Makes: `Predictions`.
"""
