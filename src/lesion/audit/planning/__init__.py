"""How many members a study needs, and what a finished one could not have seen.

May import: `comparison`, `inference` and `statistics`. Makes: the text of `lesion power`.
"""
