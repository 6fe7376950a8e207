"""Anybody's predictions audited: files of two populations in, tables, figures and one page out. Never torch.

May import: params, artifacts, audit and figures. Makes: the folder that `lesion audit --out` names.
"""

import lesion.views.figures  # noqa: F401  before any other import of matplotlib: MPLBACKEND must not stop it
