"""Lesion finds what a compressed neural network forgets.

The folders are the steps of the pipeline, and imports run one way along it:
params, artifacts <- data <- models <- compress <- train <- predict <- audit <- views <- pipeline <- cli.

>>> import lesion
>>> lesion.Audit().fit([0, 1, 1], [0, 1, 0], [0, 1, 1]).pie_["pie"].tolist()
[False, False, True]
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesion.audit.comparison.files.read import read_predictions as read_predictions
    from lesion.audit.foresight.entry import foresee as foresee
    from lesion.audit.gate.gate import Gate as Gate
    from lesion.errors import InputError as InputError
    from lesion.views.notebook import Audit as Audit
    from lesion.views.notebook import Candidates as Candidates

__version__ = "0.1.0"
__all__ = ["Audit", "Candidates", "Gate", "InputError", "foresee", "read_predictions"]


def __getattr__(name: str) -> Any:
    """A public name, imported when it is asked for: the command line needs no pandas to print its help."""
    homes = {
        "Audit": "lesion.views.notebook",
        "Candidates": "lesion.views.notebook",
        "Gate": "lesion.audit.gate.gate",
        "InputError": "lesion.errors",
        "foresee": "lesion.audit.foresight.entry",
        "read_predictions": "lesion.audit.comparison.files.read",
    }
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(homes[name]), name)
