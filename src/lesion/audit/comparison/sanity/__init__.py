"""What cannot be right in two populations, however well formed they are: told before anything is computed of them.

May import: the rest of `comparison`. Makes: nothing; each check raises InputError.
"""
