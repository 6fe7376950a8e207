"""Who will be forgotten, told from the dense models alone, before anything is compressed.

May import: statistics and the rooms below it. Makes: `results/<study>/foresee/`, and the tables of `lesion foresee`.
"""
