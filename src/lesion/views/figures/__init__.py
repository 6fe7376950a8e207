"""The figures of the paper, each with its numbers beside. Never torch.

May import: params, artifacts and audit. Makes: `figures/<figure>.{svg,pdf,csv}`, one module a figure,
loaded by the name that params.yaml gives; each has `draw(*, study, shards, trained, derived, figure)`, but for that of
the comparison, which is drawn from one table: `draw(*, study, families, figure)`.
"""

import os
import sys
from contextlib import suppress


def _import_matplotlib() -> None:
    """Import matplotlib whatever MPLBACKEND holds: its import fails where that names a backend that is not installed.

    Figures are drawn to files and need no backend. One that is installed stays chosen, for the user's own figures.
    """
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    if backend:
        with suppress(ValueError):
            matplotlib.rcParams["backend"] = backend


if "matplotlib" not in sys.modules:
    _import_matplotlib()
