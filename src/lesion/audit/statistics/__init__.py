"""A module a statistic: what it computes of a comparison, and the table that holds it.

May import: `comparison` and `inference`. Makes: `impact/`, `pie/`, `subgroups/`, `effects/`, `null/`.
"""
