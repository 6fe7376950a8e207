"""docs/METHODS.md names what params.yaml and the package have."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from lesion.params.document import read_yaml

REPOSITORY = Path(__file__).parents[1]
ROWS = [line for line in (REPOSITORY / "docs/METHODS.md").read_text().splitlines() if line.startswith("| ")]
KINDS = ("scores", "shapes", "methods")


def exists(name: str) -> bool:
    """Whether a variant of the catalogue, or a module of a part, has this name."""
    module = name.replace("-", "_")
    return name in read_yaml(REPOSITORY / "params.yaml")["variants"] or any(
        find_spec(f"lesion.compress.{kind}.{module}") for kind in KINDS
    )


@pytest.mark.parametrize("name", sorted({name for row in ROWS for name in re.findall(r"`([a-z0-9-]+)`", row)}))
def test_each_name_exists(name: str) -> None:
    assert exists(name)
