"""What a declaration of a step holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Over = Literal["one", "shards", "compressed", "populations", "named", "named-populations"]


@dataclass(frozen=True)
class Input:
    """Files that a node reads: all of one artifact.

    Attributes
    ----------
    artifact : its name in `artifacts.PLACES`
    of : whose file: `{variant}` is the node's own variant, `{parent}` the one that it is made of, else a variant's id
    over : `one` file; all `shards` of a population; one of each of the `compressed` variants, or of those that are
        `named`; all shards of all `populations`, dense first, or of the `named-populations`. The entry gets a path, a
        list, or a mapping from variant to either, without variants that have no such artifact. Named are the variants
        that the part lists of which `only_with` is the key; all where it lists none.
    """

    artifact: str
    of: str = "{variant}"
    over: Over = "one"


@dataclass(frozen=True)
class Step:
    """One kind of node.

    Attributes
    ----------
    help : one sentence for the command line
    entry : `module:function`; it takes names, inputs, outputs and params by keyword, those that its signature has
    per : which of study, variant and shard name a node, in the order of the command line
    inputs : argument -> files that the node reads
    outputs : argument -> artifact that the node writes
    params : argument -> dotted key of params.yaml, with `{study}`, `{variant}` and `{parent}`; `variants.*` are those
        that the node reads populations of
    kinds : the kinds of variants that the step is for
    methods : of these, the methods that it is for; empty for all
    command : the subcommand, where it is not the name of the step
    fixed : arguments that are the same for all nodes of the step; those on the command line are options of it
    modules : modules that the entry loads by name whatever params.yaml says
    loads : arguments of `params` that name modules: `data`, `source`, `model`, `compression` (the method and what is on
        its axes), `method` (the method alone), `parent` (the method of the parent) or `variants` (the methods of all)
    reads_file : dotted key of params.yaml that holds the path of a file from outside, which is an input, too
    reads_members : whether the files that a method takes members from (`pretrained`) are inputs, too
    only_with : dotted key of params.yaml; a study of which it is null has no such nodes, and no variant has that it
        does not name (`Input.over`)
    only_made : an artifact; a study none of whose variants has it has no such nodes
    comparison : whether studies of the comparison of methods have such nodes
    active : whether active studies have such nodes
    cores : the part of the study that says how many threads and workers a node takes; empty for one core
    gpu : whether a node leases a GPU where there is one
    resumable : whether the entry takes a `stamp` of everything that its output depends on
    local : whether an output stays where it was made, and is not published
    """

    help: str
    entry: str
    per: tuple[str, ...]
    inputs: Mapping[str, Input]
    outputs: Mapping[str, str]
    params: Mapping[str, str] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    command: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()
    reads_file: str = ""
    reads_members: bool = False
    only_with: str = ""
    only_made: str = ""
    comparison: bool = False
    active: bool = True
    cores: Literal["", "recipe", "evaluation"] = ""
    gpu: bool = False
    resumable: bool = False
    local: bool = False

    @property
    def module(self) -> str:
        """The module of the entry."""
        return self.entry.partition(":")[0]
