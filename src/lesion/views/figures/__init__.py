"""The figures of the paper, each with its numbers beside. Never torch.

May import: params, artifacts, data and audit. Makes: `figures/<figure>.{svg,pdf,csv}`. A figure is a module that
declares, as plain literals, `INPUTS` (the artifacts that it reads) and, where it needs them, `SETTINGS` (argument →
dotted key of params.yaml), and has `draw(*, <inputs>, <settings>, svg, pdf, numbers, figure)`. Inputs and the three
outputs are paths: of a statistic one for each compressed variant, of predictions and robustness a list of shards for
each population, dense first.
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
