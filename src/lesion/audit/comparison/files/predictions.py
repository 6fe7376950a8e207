"""What a file of predictions holds, whatever its format."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lesion.audit.comparison.populations import Population
from lesion.audit.comparison.source import Source

Texts = tuple[str, ...]
Attributes = Mapping[str, npt.NDArray[np.object_]]


@dataclass(frozen=True)
class Predictions:
    """What a file holds.

    Attributes
    ----------
    population : its classes, examples and members are whole numbers; where the file names them, places in these names
    class_names : sorted; None where the file has integers
    example_names : in order of the examples, sorted; None where the file has integers
    attributes : text of each example (examples,), by the name of its column
    cluster : what each example belongs to, as text (examples,); None where the file does not tell
    left_out : columns that cannot name groups: they hold lists or bytes, or more than 256 values
    correct : whether each member is right, bool (members, examples), where answers are no classes; then there is no
        label, and classes are the texts of the answers
    answered : the file tells what was answered; else classes are 0 for right and 1 for wrong
    text : what each example says, (examples,); None where the file does not tell
    called : what people call each example, text (examples,), where its id is a hash; None: by its id
    source : the file, and what it was read as
    numbered : the file gives examples no ids: they are 0, 1, … in its order
    """

    population: Population
    class_names: Texts | None = None
    example_names: Texts | None = None
    attributes: Attributes = field(default_factory=dict)
    cluster: npt.NDArray[np.object_] | None = None
    left_out: Texts = ()
    correct: npt.NDArray[np.bool_] | None = None
    answered: bool = True
    text: npt.NDArray[np.object_] | None = None
    called: npt.NDArray[np.object_] | None = None
    source: Source | None = None
    numbered: bool = False
