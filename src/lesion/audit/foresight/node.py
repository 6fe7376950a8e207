"""The step of a study: which examples, classes and groups are at risk, told from its dense members alone."""

from pathlib import Path

from lesion.artifacts.csv_tables import write_csv
from lesion.audit.comparison.attributes import intersections
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.from_nodes import from_nodes
from lesion.audit.comparison.populations import read_population
from lesion.audit.foresight.foresee import foresee_comparison


def write_risk(
    *,
    study: str,
    examples: Path,
    dense: list[Path],
    risk: Path,
    parts: Path,
    expected: Path,
    groups: list[list[str]],
) -> None:
    """Write the three tables of `Foreseen`.

    Parameters
    ----------
    dense : the predictions of the dense members, a file a shard
    groups : attributes, each alone or several for their intersections
    """
    comparison = _alone(study, examples, dense)
    found = foresee_comparison(comparison, groups=intersections(comparison.groups, groups), source=dense[0])
    for path, table in ((risk, found.examples), (parts, found.parts), (expected, found.expected)):
        write_csv(path, table)


def _alone(study: str, examples: Path, dense: list[Path]) -> Comparison:
    """The dense population beside itself: a comparison names classes, examples and groups."""
    one = read_population(dense)
    return from_nodes(
        study=study, variant="dense", examples=examples, dense=one, compressed=one, root_seed=0, design="auto"
    )
