"""Running one node: its entry gets its names, its files and its part of params.yaml, and nothing else."""

import inspect
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from lesion.params.document import read_yaml
from lesion.params.settings import Settings
from lesion.pipeline.graph import Files, Graph
from lesion.pipeline.version import check, stamp


def run(step: str, names: Mapping[str, str], data: Mapping[str, Any] | None = None) -> None:
    """Run the node of `step` that `names` name, in the folder of params.yaml (`data`, where it is read already).

    Raises
    ------
    InputError
        If the names or the node's part of params.yaml are invalid, or the entry refuses its inputs.
    """
    graph = Graph(read_yaml() if data is None else data)
    node = graph.node(step, names)
    check(graph, node)
    declared = node.declared
    function = declared.entry.partition(":")[2]
    entry = getattr(import_module(declared.module), function)
    hints = get_type_hints(entry)
    for name in declared.modules if "statistic" in declared.fixed else ():
        hints |= get_type_hints(import_module(name).table)
    taken = inspect.signature(entry).parameters
    anything = any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values())
    keys = graph.keys(node)
    arguments = {
        argument: typed(hints.get(argument), part, keys[argument])
        for argument, part in graph.settings(node).items()
        if anything or argument in taken  # some parts say which modules are loaded, and no more
    }
    arguments |= {
        argument: _paths(files)
        for argument, files in graph.inputs(node).items()
        if anything or argument in taken  # members that are taken from files: the method knows which
    }
    arguments |= {argument: Path(path) for argument, path in graph.outputs(node).items()}
    if declared.resumable:
        arguments["stamp"] = stamp(graph, node)
    names = {**node.names, **declared.fixed}
    arguments |= {name: names[name] for name in names if name in taken and name not in arguments}
    entry(**arguments)


def _paths(files: Files) -> Any:
    if isinstance(files, dict):
        return {variant: _paths(part) for variant, part in files.items()}
    return [Path(path) for path in files] if isinstance(files, list) else Path(files)


def typed(hint: Any, part: Any, where: str) -> Any:
    """A part of params.yaml; where `hint` is a `Settings` class or a list of one, validated by that class."""
    if isinstance(hint, type) and issubclass(hint, Settings):
        return hint.read(part, where=where)
    if get_origin(hint) is list and isinstance(of := get_args(hint)[0], type) and issubclass(of, Settings):
        return [of.read(one, where=f"{where}.{place}") for place, one in enumerate(part)]
    return part
