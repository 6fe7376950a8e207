"""What compression changed, class by class and example by example. Never torch.

Three rooms: `comparison` (what is compared), `inference` (mathematics alone), `statistics` (a module a table).
May import: params and artifacts. Makes: the tables under `results/<study>/` that are made of predictions.
"""
