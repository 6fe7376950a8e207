"""How large the perturbation is that a kind of compression amounts to, as it was measured.

The size is that of the normal error of logits that flips as many answers (`inference.foresight_flips`). Sizes in nats
differ as much as models do; over the median log margin of the dense model, those of one kind are more alike. What
retrains the model from scratch is best told from what other seeds do, where several members show it.

The numbers are those of `python -m bench.foresee`; docs/results/foresee/sizes.csv has them one by one.
"""

from dataclasses import dataclass

Span = tuple[float, float, float]
"""The smallest size, the median, and the largest one; the median of an even number is the geometric mean of two."""

WIDER = 1.2
"""A range goes from the smallest size measured to the largest, each so many times further out."""


@dataclass(frozen=True)
class Perturbation:
    """A kind of compression.

    Attributes
    ----------
    name : as columns have it
    what : for people
    over_median : sizes measured, over the median log margin of the dense model
    over_seeds : the same over the size of another seed; None where the compressed model is made of the dense one
    measured : on which models
    """

    name: str
    what: str
    over_median: Span
    over_seeds: Span | None
    measured: str


LANGUAGE, LINEAR, TRAINED = "three language models", "linear models of texts", "networks for digits and for CIFAR-10"
PERTURBATIONS = (
    Perturbation("int8", "quantised to int8", (0.038, 0.213, 0.406), None, f"{LANGUAGE}, {LINEAR}, {TRAINED}"),
    Perturbation("int4", "quantised to int4", (0.354, 0.610, 0.645), None, f"{LANGUAGE}, {LINEAR}"),
    Perturbation(
        "pruned_50", "50 % pruned, trained from scratch", (0.279, 0.778, 2.169), (1.034, 1.047, 1.059), TRAINED
    ),
    Perturbation(
        "pruned_90", "90 % pruned, trained from scratch", (0.420, 1.205, 3.458), (1.593, 1.621, 1.649), TRAINED
    ),
    Perturbation(
        "retrained", "trained again with another seed", (0.263, 0.830, 2.097), (1.0, 1.0, 1.0), f"{LINEAR}, {TRAINED}"
    ),
)


def span(kind: Perturbation, *, median: float, seeds: float | None) -> Span:
    """The smallest, the typical and the largest size to expect, in nats.

    Parameters
    ----------
    median : of the log margins
    seeds : the size of another seed, where members tell it
    """
    unit, sizes = (median, kind.over_median) if kind.over_seeds is None or seeds is None else (seeds, kind.over_seeds)
    low, typical, high = (unit * size for size in sizes)
    return (low, typical, high) if low == high else (low / WIDER, typical, high * WIDER)
