"""What every statistic gets: two populations of the same examples, and all that is known of these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from lesion.audit.comparison.populations import Labels, Population, check_comparable, check_labels, is_paired
from lesion.audit.comparison.source import Source
from lesion.params.design import Design
from lesion.seeds import derive_seed

SIDES = ("dense", "compressed")


@dataclass(frozen=True)
class Comparison:
    """Dense and compressed members on the same examples. From nodes, files or arrays: `from_nodes` and its like.

    Attributes
    ----------
    dense, compressed : the populations; their labels and predictions are places in `classes`
    classes : what the tables call each class: ascending integers, or text; (classes,)
    example_id : what the tables call each example: integers, or text; (examples,)
    design : whether members are taken as pairs
    names : of the classes, as people read them, (classes,); None where the classes are called by their names
    groups : name of an attribute → text (examples,)
    cluster : int (examples,), ids of 0 and up: examples of one id belong together, as the frames of a video do, and are
        one draw of the sample; None where each example is a draw of its own
    left_out : columns of the files that cannot name groups
    sources : the files of dense and of compressed; None where predictions came from nodes or arrays
    graded : answers are no classes, as those of a language model that writes text: what is known of each is whether it
        is right, and whether it is the same text. Classes are then `right`, `wrong`, `wrong otherwise` (another wrong
        answer to the same example), …; the label is `right` for all examples
    answers : what the first dense and the first compressed member answer, each text (examples,); None where not known
    text : what each example says, (examples,), where the files tell
    seed, study, variant : what names the draws of the statistics; predictions from anywhere need no study and variant

    Raises
    ------
    InputError
        Where the populations hold other examples or other labels, a label is none of the classes, or pairs are asked
        for and the populations have other numbers of members.
    """

    dense: Population
    compressed: Population
    classes: npt.NDArray[Any]
    example_id: npt.NDArray[Any]
    design: Design = "auto"
    names: tuple[str, ...] | None = None
    groups: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    cluster: npt.NDArray[np.integer] | None = None
    left_out: tuple[str, ...] = ()
    sources: tuple[Source, Source] | None = None
    graded: bool = False
    answers: tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]] | None = None
    text: npt.NDArray[np.object_] | None = None
    seed: int = 0
    study: str = ""
    variant: str = ""

    def __post_init__(self) -> None:
        check_comparable(self.dense, self.compressed)
        for population in (self.dense, self.compressed):
            check_labels(population, len(self.classes))
        _ = self.paired  # an InputError where that cannot be

    @property
    def members(self) -> tuple[int, int]:
        """How many dense and how many compressed members there are."""
        return len(self.dense.member), len(self.compressed.member)

    @property
    def several(self) -> bool:
        """Whether both populations have two members or more, as a t-test needs."""
        return min(self.members) > 1

    @property
    def single(self) -> bool:
        """Whether this is one pair of models: what compression does to this model, and no other, can be told."""
        return self.members == (1, 1)

    @property
    def paired(self) -> bool:
        """Whether member k of both belong together, and are tested as pairs."""
        return is_paired(self.dense.origins, self.compressed.origins, self.members, self.design)

    @property
    def label(self) -> Labels | None:
        """The true classes, places in `classes`: int (examples,); None where they are not known."""
        return self.dense.label

    @cached_property
    def present(self) -> npt.NDArray[np.integer]:
        """The classes that examples have, as places in `classes`, ascending; none where labels are not known."""
        return np.empty(0, dtype=np.int64) if self.label is None else np.unique(self.label)

    @property
    def comparable_classes(self) -> bool:
        """Whether examples have two classes or more: the recall of a single one is the accuracy."""
        return len(self.present) > 1

    @cached_property
    def stratum(self) -> Labels:
        """The true class of each example as a place in `present`: int (examples,)."""
        return np.searchsorted(self.present, self.dense.known_label)

    def called(self, classes: npt.NDArray[np.integer]) -> npt.NDArray[Any]:
        """What the tables call these classes, which are places in `classes`; of the same shape."""
        return np.asarray(self.classes[classes])

    def named(self, classes: npt.NDArray[np.integer]) -> npt.NDArray[Any]:
        """The names of these classes as text."""
        if self.names is None:
            return np.asarray(np.asarray(self.classes[classes]).astype(str), dtype=object)
        return np.asarray(np.array(self.names, dtype=object)[classes], dtype=object)

    def generator(self, purpose: str, *, shared: bool = False) -> np.random.Generator:
        """A source of random draws for a purpose.

        Parameters
        ----------
        shared : all variants of a study draw the same, as the null does of the dense population
        """
        names = (self.study, purpose) if shared else (self.study, self.variant, purpose)
        return np.random.default_rng(derive_seed(self.seed, *filter(None, names)))
