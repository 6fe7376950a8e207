"""The figures of the paper, each with its numbers beside. Never torch.

May import: params, artifacts and audit. Makes: `figures/<figure>.{svg,pdf,csv}`, one module a figure,
loaded by the name that params.yaml gives; each has `draw(*, study, shards, trained, derived, figure)`, but for that of
the comparison, which is drawn from one table: `draw(*, study, families, figure)`.
"""
