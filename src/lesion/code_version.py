"""The code version of a node: a hash of the source files that its step can reach.

Neither engine sees an edit of an imported module by itself. grimp reads the import graph from the sources without
running them; modules that are loaded by name are named by params.yaml, so each node has its own.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import grimp

PACKAGE = "lesion"


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(PACKAGE, cache_dir=None, exclude_type_checking_imports=True)


@cache
def _digest(module: str) -> bytes:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    digest = hashlib.sha256(Path(spec.origin).read_bytes())
    if spec.submodule_search_locations is not None:  # a package: its templates are code too
        for template in sorted(Path(spec.origin).parent.glob("*.jinja")):
            digest.update(template.read_bytes())
    return digest.digest()


@cache
def _closure(module: str) -> frozenset[str]:
    reached = {module, *_graph().find_upstream_modules(module)}
    parents = {name.rsplit(".", depth)[0] for name in reached for depth in range(1, name.count(".") + 1)}
    return frozenset(reached | parents)


def code_version(modules: Iterable[str]) -> str:
    """Twelve hexadecimal digits of the sources of `modules`, all that they import, and the packages around them."""
    digest = hashlib.sha256()
    for name in sorted(frozenset().union(*(_closure(module) for module in modules))):
        digest.update(name.encode() + _digest(name))
    return digest.hexdigest()[:12]
