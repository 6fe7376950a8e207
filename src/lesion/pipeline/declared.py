"""Statistics, figures and readers: each module in one of their folders is found, and this reads what it declares.

Their constants are read from the source, not by import: importing them would import pandas and matplotlib.
"""

import ast
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

STATISTICS = "lesion.audit.statistics"
FIGURES = "lesion.views.figures"
READERS = "lesion.audit.comparison.files.readers"


@dataclass(frozen=True)
class Declared:
    """A module and its constants.

    Attributes
    ----------
    name : with dashes for underscores, as commands and params.yaml have it
    module : its full name
    summary : the first line of its docstring
    constants : name -> value, those in capitals that are literals
    """

    name: str
    module: str
    summary: str
    constants: dict[str, Any]


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _declared(path: Path, package: str) -> Declared:
    tree = ast.parse(path.read_bytes())
    constants = {
        target.id: value
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name) and target.id.isupper() and (value := _literal(statement.value)) is not None
    }
    summary = (ast.get_docstring(tree) or "").partition("\n")[0]
    return Declared(path.stem.replace("_", "-"), f"{package}.{path.stem}", summary, constants)


@cache
def modules(package: str, marker: str) -> tuple[Declared, ...]:
    """The modules in the folder of `package` that declare the constant `marker`, by their `ORDER`, then by name."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    [folder] = spec.submodule_search_locations
    found = [_declared(path, package) for path in sorted(Path(folder).glob("*.py")) if path.stem != "__init__"]
    chosen = [module for module in found if marker in module.constants]
    return tuple(sorted(chosen, key=lambda module: (module.constants.get("ORDER", 1000), module.name)))


def statistics() -> tuple[Declared, ...]:
    """The statistics of a comparison of two populations: modules with a `SUFFIX`."""
    return modules(STATISTICS, "SUFFIX")


def figures() -> tuple[Declared, ...]:
    """The figures: modules with `INPUTS`."""
    return modules(FIGURES, "INPUTS")


def readers() -> tuple[Declared, ...]:
    """The formats of predictions of others: modules with `READS`."""
    return modules(READERS, "READS")
