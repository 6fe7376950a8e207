"""Whether a candidate stays within a budget: passed, failed, or inconclusive.

May import: the rest of the audit. Makes: verdicts, and the files that tell them.
"""
