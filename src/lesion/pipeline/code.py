"""The code version of a node: a hash of what the modules that its step can reach do.

Neither engine sees an edit of an imported module by itself. grimp reads the import graph from the sources without
running them. What is hashed of a module is its syntax tree, so that comments, docstrings, blank lines and line ends
count for nothing; of a package, its `__init__` without imports and names in double underscores, so that a release or
another exported name counts for nothing either.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import lesion

if TYPE_CHECKING:
    import grimp

SOURCES = Path(lesion.__file__).parent


@cache
def _graph() -> grimp.ImportGraph:
    import grimp  # a node that keeps no stamp asks for no version

    return grimp.build_graph(SOURCES.name, cache_dir=None, exclude_type_checking_imports=True)


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _is_export(statement: ast.stmt) -> bool:
    """True for an import, and for an assignment or a function whose name is in double underscores."""
    if isinstance(statement, ast.If) and getattr(statement.test, "id", "") == "TYPE_CHECKING":
        return True
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement]
    names = [getattr(target, "id", getattr(target, "name", "")) for target in targets]
    return all(name.startswith("__") and name.endswith("__") for name in names)


def _write(node: object, text: list[str]) -> None:
    """Append the text of a syntax tree, the same for every version of Python that has these nodes.

    Fields that are empty are left out, since new versions add some; so are strings that stand alone, as docstrings do.
    """
    if isinstance(node, ast.AST):
        text.append(f"({type(node).__name__}")
        for name, value in ast.iter_fields(node):
            if value is not None and value != []:
                text.append(f" {name}=")
                _write(value, text)
        text.append(")")
    elif isinstance(node, list):
        for part in node:
            if not (isinstance(part, ast.stmt) and _is_docstring(part)):
                _write(part, text)
    else:
        text.append(repr(node))


def what_it_does(source: bytes, *, package: bool) -> str:
    """The text of a module that is hashed: its syntax tree without what changes no result.

    `package`: the source is that of an `__init__`, of which exports are left out.
    """
    tree = ast.parse(source)
    if package:
        tree.body = [statement for statement in tree.body if not _is_export(statement)]
    text: list[str] = []
    _write(tree, text)
    return "".join(text)


@cache
def _digest(module: str) -> bytes:
    place = SOURCES.joinpath(*module.split(".")[1:])  # found, not imported: packages import what is slow
    package = place.is_dir()
    source = place / "__init__.py" if package else place.with_suffix(".py")
    digest = hashlib.sha256(what_it_does(source.read_bytes(), package=package).encode())
    if package:  # its templates are code too
        for template in sorted(source.parent.glob("*.jinja")):
            digest.update(template.read_text(encoding="utf-8").encode())  # line ends made alike
    return digest.digest()


@cache
def _closure(module: str) -> frozenset[str]:
    reached = {module, *_graph().find_upstream_modules(module)}
    parents = {name.rsplit(".", depth)[0] for name in reached for depth in range(1, name.count(".") + 1)}
    return frozenset(reached | parents)


def code_version(modules: Iterable[str]) -> str:
    """Twelve hexadecimal digits of the code of `modules`, all that they import, and the packages around them."""
    digest = hashlib.sha256()
    for name in sorted(frozenset().union(*(_closure(module) for module in modules))):
        digest.update(name.encode() + _digest(name))
    return digest.hexdigest()[:12]
