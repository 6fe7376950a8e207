"""Logs of language-model benchmarks, a file a task: their documents, and what a model answered.

May import: the rest of `files`. Makes: predictions, of choices or graded.
"""
