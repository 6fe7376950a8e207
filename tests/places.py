"""Where the artifacts of a study lie, as the pipeline declares it."""

from pathlib import Path

from lesion.pipeline.artifacts import PLACES
from lesion.pipeline.artifacts import figure as declared_figure
from lesion.pipeline.steps import STEPS

assert STEPS  # whose declaration completes the places


def place(artifact: str, study: str, variant: str = "", shard: str = "") -> Path:
    """The path of an artifact, relative to the folder of params.yaml."""
    return Path(PLACES[artifact].format(study=study, variant=variant, shard=shard))


def examples(study: str) -> Path:
    """The table of examples."""
    return place("examples", study)


def images(study: str) -> Path:
    """The images of a small study, and what normalises them."""
    return place("images", study)


def adversarial(study: str) -> Path:
    """The natural adversarial set."""
    return place("adversarial", study)


def checkpoint(study: str, variant: str, shard: str) -> Path:
    """The weights of a shard."""
    return place("checkpoint", study, variant, shard)


def predictions(study: str, variant: str, shard: str) -> Path:
    """The predictions of a shard."""
    return place("predictions", study, variant, shard)


def robustness(study: str, variant: str, shard: str) -> Path:
    """The counts of a shard on corrupted images."""
    return place("robustness", study, variant, shard)


def statistic(name: str, study: str, variant: str) -> Path:
    """The table of a statistic."""
    return place(name, study, variant)


def figure(study: str, name: str, suffix: str) -> Path:
    """A figure, or the numbers that it shows."""
    return Path(declared_figure(name, suffix).format(study=study))
