"""The nodes that params.yaml asks for: the files, the command and the settings of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lesion import plugins
from lesion.artifacts.paths import named
from lesion.errors import InputError
from lesion.params.document import cut
from lesion.params.shard import members
from lesion.pipeline import artifacts
from lesion.pipeline.asked import Asked
from lesion.pipeline.step import Input, Step
from lesion.pipeline.steps import STEPS, VARIANTS

DENSE = "dense"
Files = str | list[str] | dict[str, str] | dict[str, list[str]]


@dataclass(frozen=True)
class Node:
    """A node: a step, and the study, variant and shard that it is run for."""

    step: str
    names: Mapping[str, str]

    @property
    def declared(self) -> Step:
        """The declaration of its step."""
        return STEPS[self.step]

    def __hash__(self) -> int:
        return hash((self.step, *self.names.values()))


def flat(files: Files) -> list[str]:
    """The paths of one input, in order."""
    if isinstance(files, str):
        return [files]
    parts = files.values() if isinstance(files, dict) else files
    return [path for part in parts for path in ([part] if isinstance(part, str) else part)]


class Graph(Asked):
    """The DAG of one params.yaml."""

    def node(self, step: str, names: Mapping[str, str]) -> Node:
        """The node of a step with these names, which are checked against params.yaml.

        Raises
        ------
        InputError
            If a name is not in params.yaml (the message has the nearest one that is), or the step is not for the
            variant.
        """
        declared = STEPS[step]
        for name, catalogue in (("study", "studies"), ("variant", "variants")):
            if name in names:
                cut(self.data, f"{catalogue}.{names[name]}")
        if not self._has(declared, names["study"]):
            key = declared.only_with.format(study=names["study"])
            raise InputError(f"{step}: {key} of params.yaml is null, so {names['study']} has no such step")
        if not self.has_made(declared, names["study"]):
            makers = [name for name, one in STEPS.items() if declared.only_made in one.outputs.values()]
            methods = " or ".join(method for name in makers for method in STEPS[name].methods)
            raise InputError(
                f"{step}: {names['study']} has no such step, since no active variant is of method {methods}"
            )
        if declared.kinds and (kind := self.kind(names["variant"])) not in declared.kinds:
            expected = " or ".join(declared.kinds)
            raise InputError(f"{step}: {names['variant']} is {_a(kind)} variant, {_a(expected)} one is expected")
        if declared.kinds and not self.takes(declared, names["variant"]):
            method, expected = cut(self.data, f"variants.{names['variant']}.method"), " or ".join(declared.methods)
            raise InputError(f"{step}: {names['variant']} is of method {method}, {expected} is expected")
        if declared.only_with and "variant" in names and names["variant"] not in self.named(declared, names["study"]):
            key = declared.only_with.format(study=names["study"])
            raise InputError(f"{step}: {names['variant']} is not among the variants of {key} in params.yaml")
        if "variant" in names and names["variant"] == DENSE and COMPARES in declared.inputs:
            raise InputError(f"{step}: dense is compared with a compressed variant, and not with itself")
        return Node(step, dict(names))

    def command(self, node: Node) -> str:
        """The command line that makes a node."""
        step = node.declared
        options = {name: node.names[name] for name in step.per}
        if step.command:
            options |= step.fixed
        return " ".join(
            ["lesion", step.command or node.step, *(f"--{name} {value}" for name, value in options.items())]
        )

    def inputs(self, node: Node, shown: Mapping[str, str] | None = None) -> dict[str, Files]:
        """Argument -> the files that a node reads.

        `shown`: names to write into the paths instead of the node's own, as a template has them.
        """
        names = dict(node.names) | dict(shown or {})
        found = {argument: self._files(node, given, names) for argument, given in node.declared.inputs.items()}
        if node.declared.reads_file:
            found["source"] = self._source(node)
        if taken := self.taken(node):
            found["source"] = taken
        return found

    def _source(self, node: Node) -> str | list[str]:
        """The file from outside that a node reads, or one for each member where its path has `{member}`."""
        text = str(cut(self.data, node.declared.reads_file.format(**node.names)))
        if "{member}" not in text:
            return str(named(text))
        return [str(named(text.replace("{member}", str(member)))) for member in members(node.names["shard"])]

    def taken(self, node: Node) -> list[str]:
        """The files from outside that a node takes the members of its shard from; none where it trains them."""
        if not node.declared.reads_members:
            return []
        where = f"variants.{node.names['variant']}"
        entry = cut(self.data, where)
        method = plugins.load("method", plugins.name_of(entry, where=where, kind="method", key="method"))
        if not hasattr(method, "read_files"):
            return []
        options = plugins.options("method", entry, where=where, key="method")
        shard = members(node.names["shard"])
        return [str(file) for file in method.read_files(options, study=node.names["study"], members=shard)]

    def _files(self, node: Node, given: Input, names: Mapping[str, str]) -> Files:
        study = node.names["study"]
        place = artifacts.PLACES[given.artifact]
        if given.over == "one":
            variant = given.of if given.of != "{parent}" else self.parent(node.names["variant"])
            return place.replace("{variant}", variant).format(**names)
        if given.over == "shards":
            of = given.of if given.of != "{parent}" else self.parent(node.names["variant"])
            return [
                place.replace("{variant}", of).format(**(dict(names) | {"shard": shard}))
                for shard in self.shards(study, of.format(**node.names))
            ]
        variants = self.named(node.declared, study) if given.over.startswith("named") else self.compressed(study)
        if given.over in ("compressed", "named"):
            made = [variant for variant in variants if self.producer(given.artifact, variant)]
            return {variant: place.format(**(dict(names) | {"variant": variant})) for variant in made}
        made = [variant for variant in (DENSE, *variants) if self.producer(given.artifact, variant)]
        return {
            variant: [
                place.format(**(dict(names) | {"variant": variant, "shard": shard}))
                for shard in self.shards(study, variant)
            ]
            for variant in made
        }

    def outputs(self, node: Node, shown: Mapping[str, str] | None = None) -> dict[str, str]:
        """Argument -> the file that a node writes."""
        names = dict(node.names) | dict(shown or {})
        return {name: artifacts.PLACES[artifact].format(**names) for name, artifact in node.declared.outputs.items()}

    def keys(self, node: Node) -> dict[str, str]:
        """Argument -> dotted key of params.yaml."""
        names = dict(node.names)
        if "parent" in node.declared.loads:
            names["parent"] = self.parent(names["variant"])
        return {argument: key.format(**names) for argument, key in node.declared.params.items()}

    def settings(self, node: Node) -> dict[str, Any]:
        """Argument -> the part of params.yaml that a node sees, as plain data."""
        return {argument: self._part(node, key) for argument, key in self.keys(node).items()}

    def _part(self, node: Node, key: str) -> Any:
        if key != VARIANTS:
            return cut(self.data, key)
        read = [variant for files in self.inputs(node).values() if isinstance(files, dict) for variant in files]
        return {variant: cut(self.data, f"variants.{variant}") for variant in dict.fromkeys(read)}

    # All nodes

    def nodes(self) -> Iterator[Node]:
        """Every node that the active studies need, each after those that it reads, once."""
        seen: set[Node] = set()
        for name, step in STEPS.items():
            for study in self.studies(step):
                for names in self._names(step, study):
                    yield from self._with_parents(Node(name, names), seen)

    def _names(self, step: Step, study: str) -> Iterator[dict[str, str]]:
        if "variant" not in step.per:
            yield {"study": study}
            return
        dense = [] if COMPARES in step.inputs else [DENSE]
        for variant in (*dense, *self.named(step, study)):
            if self.takes(step, variant):
                for shard in self.shards(study, variant) if "shard" in step.per else ("",):
                    yield {"study": study, "variant": variant} | ({"shard": shard} if shard else {})

    def _with_parents(self, node: Node, seen: set[Node]) -> Iterator[Node]:
        """Yield the nodes that make the variant's parent, active or not, then the node, unless they are in `seen`."""
        if node in seen:
            return
        if "parent" in node.declared.loads and "shard" in node.declared.per:
            parent = self.parent(node.names["variant"])
            made_by = self.producer("checkpoint", parent)
            assert made_by is not None  # params.yaml was checked: a parent has float weights
            yield from self._with_parents(Node(made_by, dict(node.names) | {"variant": parent}), seen)
        seen.add(node)
        yield node


COMPARES = "compressed"
"""The input by which a step is known to compare a variant with dense. There is no such node for dense."""


def _a(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
