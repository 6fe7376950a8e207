"""Where every artifact lies, its schema, and how it is written: at once or not at all.

May import: errors. Makes: nothing of its own; every other folder reads and writes through it.
"""
