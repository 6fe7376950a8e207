"""Files of predictions by anybody, read as two populations.

May import: artifacts and the rest of `comparison`. Makes: nothing; `lesion audit` reads them.
"""
