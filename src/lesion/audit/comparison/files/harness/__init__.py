"""Logs of lm-evaluation-harness, `--log_samples`: a file a task, a line a document and filter.

May import: the rest of `files`. Makes: a table of predictions.
"""
