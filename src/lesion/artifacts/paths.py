"""Where each artifact lies, relative to the folder that holds params.yaml. Path is identity: no dates, no globs."""

import os
from pathlib import Path

RESULTS = Path("results")


def named(text: str) -> Path:
    """A place outside that params.yaml or the environment names, environment variables and ~ looked up."""
    return Path(os.path.expandvars(text)).expanduser()


def examples(study: str) -> Path:
    """The table of examples: id, label, split, attributes, source."""
    return RESULTS / study / "data" / "examples.parquet"


def images(study: str) -> Path:
    """The packed array of all images of a small study, with the statistics that normalise them."""
    return RESULTS / study / "data" / "images.safetensors"


def adversarial(study: str) -> Path:
    """Images of another source that a reference model gets wrong (the study's counterpart of ImageNet-A)."""
    return RESULTS / study / "data" / "adversarial.safetensors"


def checkpoint(study: str, variant: str, shard: str) -> Path:
    """The weights of all members of a shard."""
    return RESULTS / study / "checkpoints" / variant / f"{shard}.safetensors"


def resume(study: str, variant: str, shard: str, member: int) -> Path:
    """A finished member of an unfinished shard: no engine declares it, so none deletes it."""
    return RESULTS / ".resume" / study / variant / shard / f"{member}.safetensors"


def snapshot(study: str, variant: str, shard: str, member: int) -> Path:
    """The state of a member in training."""
    return resume(study, variant, shard, member).with_suffix(".snapshot.safetensors")


def predictions(study: str, variant: str, shard: str) -> Path:
    """What each member of a shard says of each test example."""
    return RESULTS / study / "predictions" / variant / f"{shard}.parquet"


def robustness(study: str, variant: str, shard: str) -> Path:
    """Correct answers of each member, by corruption, severity and class."""
    return RESULTS / study / "robustness" / variant / f"{shard}.parquet"


def impact(study: str, variant: str) -> Path:
    """The class-level audit of a compressed variant."""
    return RESULTS / study / "impact" / f"{variant}.csv"


def pie(study: str, variant: str) -> Path:
    """The example-level audit of a compressed variant: every test example, with its PIE flag."""
    return RESULTS / study / "pie" / f"{variant}.parquet"


def subgroups(study: str, variant: str) -> Path:
    """The audit of a compressed variant by attributes of the examples."""
    return RESULTS / study / "subgroups" / f"{variant}.csv"


def effects(study: str, variant: str) -> Path:
    """How much a compressed variant changes a study as a whole."""
    return RESULTS / study / "effects" / f"{variant}.csv"


def null(study: str, variant: str) -> Path:
    """The counts that seed noise alone gives, beside those of a compressed variant, like for like."""
    return RESULTS / study / "null" / f"{variant}.csv"


def summary(study: str, suffix: str = "csv") -> Path:
    """The paper's headline table, as `csv` for people or `json` for `dvc metrics`."""
    return RESULTS / study / f"summary.{suffix}"


def comparison(study: str) -> Path:
    """What every method of a comparison study forgets, at each of its levels."""
    return RESULTS / study / "comparison" / "comparison.csv"


def ranking(study: str) -> Path:
    """The methods of a comparison study, ranked at equal sparsity and at equal accuracy."""
    return RESULTS / study / "comparison" / "ranking.csv"


def figure(study: str, name: str, suffix: str) -> Path:
    """A figure (`svg`, `pdf`) or the numbers that it shows (`csv`)."""
    return RESULTS / study / "figures" / f"{name}.{suffix}"


def gallery(study: str) -> Path:
    """The page that shows the PIE."""
    return RESULTS / study / "gallery" / "index.html"


def code(step: str, study: str, variant: str = "", figure: str = "") -> Path:
    """The code version of a node (of all its shards), which DVC depends on."""
    return RESULTS / "code" / study / step / (variant or figure or "all")
