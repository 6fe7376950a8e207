"""Mathematics alone: votes, tests, intervals, multiplicity. Arrays in, arrays out.

May import: errors. Makes: nothing; the statistics use it.
"""
