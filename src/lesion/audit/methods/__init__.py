"""The comparison of compression methods: one table of all levels, and their ranking.

May import: `comparison`, `inference` and `statistics`. Makes: `comparison/`.
"""
