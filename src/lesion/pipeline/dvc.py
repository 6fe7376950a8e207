"""dvc.yaml, written from the declarations.

DVC's templates cannot list files of several variants or shards, nor look up the parent of a variant. So the file is
written out: one stage a step, with the studies, variants and shards of params.yaml as a matrix, and every dependency a
file that is named. Variants that differ in more than their name, by parent or by shards, are stages of their own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lesion.artifacts.atomic import write_text
from lesion.errors import InputError
from lesion.pipeline.artifacts import version
from lesion.pipeline.graph import DENSE, Graph, Node, flat

NAME = Path("dvc.yaml")
HEAD = """\
# Written by `lesion dvc` from the declarations in src/lesion/pipeline and from params.yaml. Do not edit; after a change
# of `active` or `comparison` in params.yaml, write it again.
"""
PUBLISHED = ("versions", "data", "adversarial", "predict", "import", "run-onnx", "robustness", "computation")
"""The steps whose outputs a reviewer pulls. Figures are made from them; to make them anew takes a training."""

AXES = ("study", "variant", "shard")
SHOWN = {axis: f"${{item.{axis}}}" for axis in AXES}


class _Line(list[str]):
    """A list that is written on one line."""


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML has no types
    """Writes each `_Line` on one line."""


_Dumper.add_representer(_Line, lambda dumper, line: dumper.represent_sequence("tag:yaml.org,2002:seq", line, True))


@dataclass
class _Stage:
    """Nodes of one step that differ in their names alone."""

    body: Mapping[str, Any]
    names: dict[str, list[str]] = field(default_factory=lambda: {axis: [] for axis in AXES})

    def add(self, node: Node) -> None:
        for axis, found in self.names.items():
            if axis in node.names and node.names[axis] not in found:
                found.append(node.names[axis])

    def written(self) -> dict[str, Any]:
        return {"matrix": {axis: _Line(found) for axis, found in self.names.items() if found}, **self.body}


def _body(graph: Graph, node: Node) -> dict[str, Any]:
    """Command, dependencies and outputs of a node, with the variables of the matrix in place of its names."""
    step = node.declared
    shown = {axis: SHOWN[axis] for axis in step.per}
    template = Node(node.step, shown)
    reads = version(shown["study"], node.step, shown.get("variant", ""))
    outs = list(graph.outputs(node, shown).values())
    kinds = {"outs": outs}
    if step.command == "figure":
        kinds = {"outs": [path for path in outs if not path.endswith(".svg")], "plots": outs[:1]}
    elif node.step == "summary":
        kinds = {"outs": outs[:1], "metrics": outs[1:]}
    made: dict[str, Any] = dict(kinds)
    if step.local:
        made["outs"] = [{path: {"push": False}} for path in outs]
    deps = [str(reads), *(path for files in graph.inputs(node, shown).values() for path in flat(files))]
    return {"cmd": graph.command(template), "deps": list(dict.fromkeys(deps)), **made}


def _name(graph: Graph, node: Node) -> str:
    """The name of a node's stage: its step, and the parent, shard or study by which it differs from others."""
    parts, variant = [node.step], node.names.get("variant", "")
    if "parent" in node.declared.loads and graph.parent(variant) != DENSE:
        parts.append(f"of-{graph.parent(variant)}")
    if node.declared.reads_file:
        parts.append(variant)
    elif graph.taken(node):  # each shard has files of its own
        parts += [variant, node.names["shard"], node.names["study"]]
    elif variant and graph.kind(variant) == "external":
        parts.append(f"external-{graph.shards(node.names['study'], variant)[0]}")
    if node.declared.only_with:  # each study has its own variants
        parts.append(node.names["study"])
    elif node.declared.active and node.names["study"] not in graph.data["active"]["studies"]:
        parts.append("comparison")
    return "-".join(parts)


def stages(graph: Graph) -> Iterator[tuple[str, dict[str, Any]]]:
    """The stages of dvc.yaml by name: the versions of all nodes, then the steps in the order of the DAG."""
    yield (
        "versions",
        {
            "cmd": ["lesion dvc --check", "lesion versions"],
            "deps": ["params.yaml", "src/lesion"],
            "outs": ["results/versions"],
        },
    )
    found: dict[str, _Stage] = {}
    for node in graph.nodes():
        name, body = _name(graph, node), _body(graph, node)
        stage = found.setdefault(name, _Stage(body))
        assert stage.body == body, f"{name}: its nodes differ in more than their names"
        stage.add(node)
    for name, stage in found.items():
        yield name, stage.written()


def published(graph: Graph) -> list[str]:
    """The stages that a reviewer pulls, of all active studies."""
    own = {_name(graph, node): node.step for node in graph.nodes()} | {"versions": "versions"}
    return [name for name, step in own.items() if step in PUBLISHED]


def dvc_text(graph: Graph) -> str:
    """The content of dvc.yaml."""
    whole = {"params": ["params.yaml"], "stages": dict(stages(graph))}
    body: str = yaml.dump(whole, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)
    return HEAD + body


def write_dvc(graph: Graph) -> None:
    """Write dvc.yaml, unless it has this content already."""
    text = dvc_text(graph)
    if not NAME.exists() or NAME.read_text(encoding="utf-8") != text:
        write_text(NAME, text)


def check_dvc(graph: Graph) -> None:
    """Raise InputError if dvc.yaml is missing, or not what the present params.yaml gives."""
    if not NAME.exists() or NAME.read_text(encoding="utf-8") != dvc_text(graph):
        raise InputError("dvc.yaml: was written for another params.yaml or other steps; `lesion dvc` writes it anew")
