"""What compression changed, class by class and example by example. Never torch.

Three rooms: `comparison` (what is compared), `inference` (mathematics alone), `statistics` (a module a table, as
`contract` has it; `registry` finds them). `node`, `summary`, `methods`, `planning` and `estimator` are the ways in.
May import: params and artifacts. Makes: the tables under `results/<study>/` that are made of predictions.
"""
