"""The steps of the pipeline, declared once: what runs, which part of params.yaml it sees, which modules it loads.

The command line hands a step those parts and nothing else, the rules and stages list the same, and the code version
of a node is that of the modules that are reachable from its entry and from the modules that it loads by name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, get_type_hints

from lesion import plugins
from lesion.errors import InputError
from lesion.params.document import cut
from lesion.params.settings import Settings

ARGUMENTS = ("study", "variant", "shard", "figure")


@dataclass(frozen=True)
class Step:
    """One kind of node.

    Attributes
    ----------
    entry : `module:function`; may hold `{figure}`
    per : which of study, variant, shard and figure name a node, in the order of the command line
    params : argument of the function -> dotted key of params.yaml, with `{study}` and the like
    loads : dotted keys of the parts that name modules, and how
    resumable : whether the function takes a `stamp` of everything that its output depends on
    """

    entry: str
    per: tuple[str, ...]
    params: Mapping[str, str]
    loads: tuple[str, ...] = ()
    resumable: bool = False

    def module(self, names: Mapping[str, str]) -> str:
        """The module of the entry, for the node that `names` names."""
        return self.entry.partition(":")[0].format(figure=names.get("figure", "").replace("-", "_"))


SHARD = ("study", "variant", "shard")
COMPRESSED = ("study", "variant")
MODEL, RECIPE, EVALUATION = "studies.{study}.model", "studies.{study}.recipe", "studies.{study}.evaluation"
VARIANT, SOURCE = "variants.{variant}", "studies.{study}.adversarial"
SHARDS = {"shards": "active.shards"}
POPULATIONS = SHARDS | {"trained": "active.trained", "derived": "active.derived"}
COMPARED = {"shards": "comparison.shards", "trained": "comparison.trained", "derived": "comparison.derived"}
IMPACT = {"settings": "audit.impact"}
DESIGN = {"design": "audit.design"}
SEED = {"root_seed": "root_seed"}
HALVES = {"halves": "audit.halves"}
FIGURE = {"figure": "figures.{figure}"}

STEPS: dict[str, Step] = {
    "data": Step("lesion.data.prepare:prepare", ("study",), {"data": "studies.{study}.data"}, loads=("data",)),
    "adversarial": Step(
        "lesion.predict.adversarial:adversarial",
        ("study",),
        {"root_seed": "root_seed", "model": MODEL, "recipe": RECIPE, "evaluation": EVALUATION, "source": SOURCE},
        loads=("model", "source"),
    ),
    "train": Step(
        "lesion.train.population:train",
        SHARD,
        {"root_seed": "root_seed", "model": MODEL, "recipe": RECIPE, "variant": VARIANT},
        loads=("model", "variant"),
        resumable=True,
    ),
    "compress": Step(
        "lesion.compress.derive:compress",
        SHARD,
        {"root_seed": "root_seed", "model": MODEL, "variant": VARIANT},
        loads=("model", "variant"),
    ),
    "predict": Step(
        "lesion.predict.predictions:predict",
        SHARD,
        {"model": MODEL, "variant": VARIANT, "evaluation": EVALUATION},
        loads=("model", "method"),
    ),
    "robustness": Step(
        "lesion.predict.robustness:robustness",
        SHARD,
        {"model": MODEL, "variant": VARIANT, "evaluation": EVALUATION, "robustness": "studies.{study}.robustness"},
        loads=("model", "method"),
    ),
    "impact": Step("lesion.audit.statistics.impact:impact", COMPRESSED, SHARDS | IMPACT | DESIGN),
    "pie": Step("lesion.audit.statistics.pie:pie", COMPRESSED, SHARDS | DESIGN),
    "subgroups": Step(
        "lesion.audit.statistics.subgroups:subgroups",
        COMPRESSED,
        SHARDS
        | DESIGN
        | {"groups": "studies.{study}.subgroups", "settings": "audit.subgroups", "impact": "audit.impact"},
    ),
    "effects": Step(
        "lesion.audit.statistics.effects:effects", COMPRESSED, SHARDS | DESIGN | SEED | {"resamples": "audit.resamples"}
    ),
    "null": Step("lesion.audit.statistics.null:null", COMPRESSED, SHARDS | IMPACT | DESIGN | SEED | HALVES),
    "summary": Step("lesion.audit.summary:summary", ("study",), POPULATIONS),
    "comparison": Step(
        "lesion.audit.methods.table:comparison",
        ("study",),
        COMPARED
        | IMPACT
        | DESIGN
        | SEED
        | HALVES
        | {"resamples": "comparison.resamples", "ranking": "comparison.ranking"},
    ),
    "figure": Step("lesion.views.figures.{figure}:draw", ("study", "figure"), POPULATIONS | FIGURE),
    "gallery": Step("lesion.views.gallery.page:gallery", ("study",), POPULATIONS),
}

# The steps that are for one kind of variant.
KINDS = {"train": "trained", "compress": "derived"}

# What a single figure sees that is not what all figures see.
FIGURES: dict[str, dict[str, str]] = {
    "pie-accuracy": POPULATIONS | FIGURE | SEED,
    "comparison": FIGURE | {"families": "comparison.families"},
}

# The steps of a comparison study, of which this figure alone is drawn, and no other's.
COMPARISON_STEPS = ("data", "train", "compress", "predict", "comparison", "figure")
COMPARISON_FIGURE = "comparison"


def keys(step: str, names: Mapping[str, str]) -> dict[str, str]:
    """Argument -> dotted key of params.yaml, for one node."""
    declared = FIGURES.get(names.get("figure", ""), STEPS[step].params)
    return {argument: key.format(**names) for argument, key in declared.items()}


def settings(step: str, names: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
    """Argument -> the part of params.yaml that one node sees, as plain data: what an engine compares."""
    return {argument: cut(data, key) for argument, key in keys(step, names).items()}


def _loaded(step: str, names: Mapping[str, str], data: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """What a node loads by name: the kind of module, or `variant`; the part of params.yaml that says which; its key."""
    parts, where = settings(step, names, data), keys(step, names)
    for argument in STEPS[step].loads:
        name = "variant" if argument == "method" else argument
        if parts[name] is not None:  # a study without a natural adversarial set
            yield "data" if argument == "source" else argument, parts[name], where[name]


def _key(kind: str) -> str:
    """Of the name of a module in the part that names it."""
    return "method" if kind == "method" else "name"


def check(step: str, names: Mapping[str, str], data: Mapping[str, Any]) -> None:
    """Check every option of every module that a node loads by name, before anything that is slow to import is.

    Raises
    ------
    InputError
        Where params.yaml lacks a part of the node, or has a fault in one; where the step is not for the variant.
    """
    for kind, part, where in _loaded(step, names, data):
        if kind != "variant":
            plugins.options(kind, part, where=where, key=_key(kind))
        elif (found := plugins.checked_kind(part, where=where)) != KINDS[step]:
            raise InputError(f"{step}: {names['variant']} is a {found} variant, a {KINDS[step]} one is expected")


def modules(step: str, names: Mapping[str, str], data: Mapping[str, Any]) -> list[str]:
    """The module of a node's entry and those that it loads by name."""
    found = [STEPS[step].module(names)]
    for kind, part, _ in _loaded(step, names, data):
        found += variant_modules(part) if kind == "variant" else [plugins.module_name(kind, part[_key(kind)])]
    return found


def variant_modules(variant: Mapping[str, Any]) -> list[str]:
    """The modules that a variant names: its method and, for pruning, those on the axes."""
    found = [plugins.module_name("method", variant["method"])]
    for axis, part, where in plugins.axes(variant, where="variant"):
        found.append(plugins.module_name(axis, plugins.name_of(part, where=where, kind=axis)))
    return found


def run(step: str, names: Mapping[str, str], data: Mapping[str, Any], **more: Any) -> None:
    """Run one node: its entry gets the names, the parts of params.yaml that the step declares, and `more`."""
    _, _, function = STEPS[step].entry.partition(":")
    try:
        entry = getattr(import_module(STEPS[step].module(names)), function)
    except ModuleNotFoundError as error:
        if error.name != STEPS[step].module(names):
            raise
        raise InputError(f"there is no {step} named {names['figure']!r}") from None
    hints = get_type_hints(entry)
    arguments = {
        argument: typed(hints[argument], part, keys(step, names)[argument])
        for argument, part in settings(step, names, data).items()
    }
    called = {
        "variant_id" if name == "variant" and "variant_id" in hints else name: value for name, value in names.items()
    }
    called.pop("figure", None)
    entry(**called, **arguments, **more)


def typed(hint: Any, part: Any, where: str) -> Any:
    """A part of params.yaml as the function wants it: a `Settings` class validates it, plain data stay plain."""
    if isinstance(hint, type) and issubclass(hint, Settings):
        return hint.read(part, where=where)
    return part
