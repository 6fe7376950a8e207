"""The example of a budget that `lesion audit --write-budget` writes."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lesion.audit.comparison.comparison import Comparison
from lesion.errors import InputError

HEAD = """\
# What a compressed model may lose: `lesion audit --budget {name}` passes, fails, or says that the examples cannot tell.
#
# LIMITS ARE PERCENTAGE POINTS: 1.0 is one answer in a hundred, and 0.01 one in ten thousand.
#   loss    how much accuracy may fall; of a class, its recall
#   broken  how many answers may be right before and wrong after, whatever is won elsewhere
#   ece     how much the calibration error may rise; needs a confidence
#   examples  with fewer the limits are inconclusive
# The rest is in docs/GATE.md; `lesion schema --budget` prints a schema for editors.
version: 1
sure: 0.95  # the chance that any verdict is wrong is at most 5 %

all:
  loss: 1.0  # points
  # broken: 3.0
  # ece: 2.0
  # examples: 1000
"""
CLASSES = """
every_class:
  loss: 5.0
  # examples: 50
# classes:  # other limits for some; what is not named stays as for every class, and null is no limit
"""
GROUPS = """
# every_group:  # by the column that names the groups
"""
NAMED = """
# groups:  # other limits for some groups
"""
MOST = 20
"""Classes, and groups of an attribute, that are named; of more, the first."""


def example_budget(comparison: Comparison | None, name: str = "budget.yaml") -> str:
    """The text of an example, with the classes and groups of a comparison as comments.

    Parameters
    ----------
    comparison : what is to be judged; without, names are made up
    name : of the file
    """
    classes = ["cat", "dog"] if comparison is None else _classes(comparison)
    groups = {"language": ["en", "sw"]} if comparison is None else _groups(comparison)
    said = HEAD.format(name=name)
    if classes:
        said += CLASSES + "".join(f"#   {one}\n" for one in _named(classes, "class"))
    if groups:
        said += GROUPS + "".join(f"#   {_key(attribute)}: {{loss: 5.0}}\n" for attribute in groups) + NAMED.lstrip("\n")
        for attribute, names in groups.items():
            said += f"#   {_key(attribute)}:\n" + "".join(f"#     {one}\n" for one in _named(names, "group"))
    return said


def write_example(path: Path, text: str) -> None:
    """Write an example; InputError where a file is there already, or none can be."""
    try:
        with path.open("x", encoding="utf-8", newline="", errors="backslashreplace") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(f"{path}: is there already, and is not overwritten") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None


def _classes(comparison: Comparison) -> list[str]:
    return [] if comparison.graded else list(map(str, comparison.named(comparison.present)))


def _groups(comparison: Comparison) -> dict[str, list[str]]:
    return {name: list(map(str, np.unique(comparison.groups[name]))) for name in comparison.groups}


def _named(names: list[str], kind: str) -> Iterator[str]:
    yield from (f"{_key(name)}: {{loss: 2.0}}" for name in names[:MOST])
    if len(names) > MOST:
        yield f"# and {len(names) - MOST:,} more {kind}{'es' if kind == 'class' else 's'}"


def _key(name: str) -> str:
    """A name as YAML takes it: as it is where it is plain, else as JSON writes it."""
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else json.dumps(name)
