"""What a node depends on beside its files: its code, and its part of params.yaml, compared by value."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lesion import plugins
from lesion.artifacts.provenance import maker
from lesion.errors import InputError
from lesion.pipeline.artifacts import version
from lesion.pipeline.code import code_version
from lesion.pipeline.graph import Graph, Node, flat

LOADED = {
    "method": ("method", "compression"),
    "parent": ("method", "parent_compression"),
    "source": ("data", "source"),
}
"""What a step loads -> the kind of module, and the argument that names it; else both are as it is called."""

UNCOUNTED = {"workers"}  # keys of settings that change no result: processes that read images ahead


def by_value(part: Any) -> Any:
    """A part of params.yaml as it is compared: keys sorted, 1.0 as 1, keys in `UNCOUNTED` left out."""
    if isinstance(part, Mapping):
        return {str(name): by_value(part[name]) for name in sorted(part, key=str) if name not in UNCOUNTED}
    if isinstance(part, list):
        return [by_value(one) for one in part]
    return int(part) if isinstance(part, float) and part.is_integer() else part


def settings(graph: Graph, node: Node) -> dict[str, Any]:
    """Dotted key -> the part of params.yaml that a node sees, by value."""
    parts, keys = graph.settings(node), graph.keys(node)
    return {keys[argument]: by_value(parts[argument]) for argument in sorted(parts, key=lambda name: keys[name])}


def modules(graph: Graph, node: Node) -> list[str]:
    """The module of a node's entry and those that it loads by name."""
    found = [node.declared.module, *node.declared.modules]
    for kind, part, _ in loaded(graph, node):
        if kind == "compression":
            found += plugins.variant_modules(part)
        else:
            found.append(plugins.module_name(kind, part["method" if kind == "method" else "name"]))
    return found


def loaded(graph: Graph, node: Node) -> Iterator[tuple[str, Any, str]]:
    """What a node loads by name: the kind of module, the part of params.yaml that says which, and its key.

    The kinds are those of `plugins`, and `compression` for a variant with all its axes.
    """
    parts, keys = graph.settings(node), graph.keys(node)
    for name in node.declared.loads:
        kind, argument = LOADED.get(name, (name, name))
        if name == "variants":
            yield from (("method", part, f"variants.{variant}") for variant, part in parts[name].items())
        elif parts[argument] is not None:  # a study without a natural adversarial set
            yield kind, parts[argument], keys[argument]


def check(graph: Graph, node: Node) -> None:
    """Check every option of every module that a node loads by name; imports nothing that is slow to import.

    Raises
    ------
    InputError
        Names the first fault in the parts of params.yaml that the node sees.
    """
    for kind, part, where in loaded(graph, node):
        if kind in ("compression", "method"):
            plugins.checked_kind(part, where=where)
        else:
            plugins.options(kind, part, where=where)


def code(graph: Graph, node: Node) -> str:
    """The code version of a node."""
    return code_version(modules(graph, node))


def write_versions(graph: Graph) -> None:
    """Write the version of every active node, for DVC to depend on.

    There is one file for each step and variant. A file with the right content is not touched; a file of no active node
    is deleted.
    """
    written = set()
    for node in graph.nodes():
        path = version(node.names["study"], node.step, node.names.get("variant", ""))
        if path in written:
            continue
        written.add(path)
        text = json.dumps({"code": code(graph, node), "settings": settings(graph, node)}, indent=1) + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in Path("results/versions").rglob("*"):
        if path.is_file() and path not in written:
            path.unlink()


def stamp(graph: Graph, node: Node) -> str:
    """A hash of all that a resumable node's output depends on: settings, code, libraries and device, inputs.

    Raises
    ------
    InputError
        Where an input is missing; the message has the command that makes it.
    """
    digest = hashlib.sha256(json.dumps(settings(graph, node)).encode())
    digest.update(code(graph, node).encode() + json.dumps(maker()).encode())
    inputs = {argument: files for argument, files in graph.inputs(node).items() if argument in node.declared.inputs}
    for path in (Path(path) for files in inputs.values() for path in flat(files)):
        if not path.exists():
            raise InputError(f"{path}: missing; `lesion data --study {node.names['study']}` makes it")
        digest.update(path.read_bytes())
    return digest.hexdigest()
