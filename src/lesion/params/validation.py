"""Whether params.yaml as a whole makes sense: what its types cannot say."""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from lesion import plugins
from lesion.errors import InputError
from lesion.params.comparison import Comparison
from lesion.params.document import nearest
from lesion.params.file import Active, Params
from lesion.params.layers import check_layers
from lesion.params.shard import members
from lesion.params.variant import method

DENSE = ("dense", "pretrained", "external", "onnx")  # the methods that give dense members
KINDS = ("trained", "derived", "external")
ID = re.compile(r"[A-Za-z0-9_-]+")


def _check_ids(ids: Iterable[str], where: str) -> None:
    for name in ids:
        if not ID.fullmatch(str(name)):
            raise InputError(f"params.yaml: {where}: {name!r} is not an id (letters, digits, _ and -, no dot)")


def _check_known(ids: list[str], catalogue: Mapping[str, Any], where: str) -> None:
    for name in ids:
        if name not in catalogue:
            raise InputError(f"params.yaml: {where}: {name!r} is not in the catalogue{nearest(name, catalogue)}")
    if len(set(ids)) < len(ids):
        raise InputError(f"params.yaml: {where}: an id is listed twice")


def _check_shards(shards: list[str], where: str) -> None:
    seen: set[int] = set()
    for shard in shards:
        try:
            held = set(members(shard))
        except InputError as error:
            raise InputError(f"params.yaml: {where}: {error}") from None
        if seen & held:
            raise InputError(f"params.yaml: {where}: {shard} holds a member of another shard")
        seen |= held


def _check_populations(part: Active | Comparison, params: Params, kinds: Mapping[str, str], where: str) -> None:
    """`kinds`: variant of the catalogue -> trained, derived or external."""
    for kind in KINDS:
        ids: list[str] = getattr(part, kind)
        _check_known(ids, params.variants, f"{where}.{kind}")
        for name in ids:
            if kinds[name] != kind:
                raise InputError(f"params.yaml: {where}.{kind}: {name} is listed here, its method is {kinds[name]}")
    if "dense" in part.compressed:
        raise InputError(f"params.yaml: variants.dense: is always active and never listed, as {where} does")
    _check_shards(part.shards, f"{where}.shards")
    _check_members(part, params, f"{where}.shards")


def _check_members(part: Active | Comparison, params: Params, where: str) -> None:
    """Check that populations that are trained here have enough members for the tests of the audit."""
    if params.variants["dense"]["method"] != "dense":
        return  # taken from elsewhere: as many as there are
    count = sum(len(members(shard)) for shard in part.shards)
    studies = [params.studies[name] for name in part.studies]
    paired = params.audit.design == "paired" or all(study.recipe.paired for study in studies)
    needed, why = (4, "halves of the dense population, for the null") if part.trained and not paired else (2, "a test")
    if part.compressed and count < needed:
        raise InputError(f"params.yaml: {where}: {count} members of each population, {needed} expected for {why}")


def _check_parents(params: Params, kinds: Mapping[str, str]) -> None:
    """Check that each derived variant has a parent, with float weights if it is made, and is not its own ancestor."""
    made = {*params.active.derived, *(params.comparison.derived if params.comparison else ())}
    for name, kind in kinds.items():
        if kind != "derived":
            continue
        chain, where = [name], f"variants.{name}.of"
        while kinds[chain[-1]] == "derived":
            parent = str(params.variants[chain[-1]]["of"])
            _check_known([parent], params.variants, where)
            if parent in chain:
                raise InputError(f"params.yaml: {where}: {' of '.join([*chain, parent])}: a variant is made of itself")
            chain.append(parent)
        for child, parent in pairwise(chain if name in made else []):
            method_of_parent = params.variants[parent]["method"]
            if not plugins.load("method", method_of_parent).FLOAT_MEMBERS:
                raise InputError(
                    f"params.yaml: variants.{child}.of: {parent} is made by {method_of_parent} and has no float weights"
                )


def _check_trained_beside_pretrained(params: Params, kinds: Mapping[str, str]) -> None:
    """Check that nothing is trained from random weights that is compared with a pretrained dense network."""
    if params.variants["dense"]["method"] != "pretrained":
        return
    parts: dict[str, Active | Comparison] = {"active": params.active}
    if params.active.comparisons and params.comparison is not None:
        parts["comparison"] = params.comparison
    for where, part in parts.items():
        for name in [*part.trained, *part.derived]:
            root = name
            while kinds[root] == "derived":
                root = str(params.variants[root]["of"])
            method_of_root = params.variants[root]["method"]
            if not hasattr(plugins.load("method", method_of_root), "load_member"):
                via = "" if root == name else f" is made of {root}, which"
                raise InputError(
                    f"params.yaml: {where}.{kinds[name]}: {name}{via} trains from random weights (method: "
                    f"{method_of_root}), beside a pretrained dense; method: prune-trained prunes trained weights"
                )


def _check_comparison(params: Params, kinds: Mapping[str, str]) -> None:
    comparison, active = params.comparison, params.active
    if comparison is None:
        _check_known(active.comparisons, {}, "active.comparisons")
        return
    _check_known(comparison.studies, params.studies, "comparison.studies")
    _check_known(active.comparisons, dict.fromkeys(comparison.studies), "active.comparisons")
    for name in comparison.studies:
        if name in active.studies:
            raise InputError(
                f"params.yaml: comparison.studies: {name} is active, too; give the comparison a study of its own"
            )
    _check_populations(comparison, params, kinds, "comparison")
    if not comparison.compressed:
        raise InputError("params.yaml: comparison.trained: no variant is named here or under derived, one is expected")
    _check_ids((family.name for family in comparison.families), "comparison.families")
    listed = [name for family in comparison.families for name in family.methods]
    for name in [method(variant) for variant in comparison.compressed]:
        if (count := listed.count(name)) != 1:
            raise InputError(f"params.yaml: comparison.families: {name} is expected in one family, found in {count}")
    if comparison.front.line is not None and comparison.front.line not in listed:
        raise InputError(f"params.yaml: comparison.front.line: {comparison.front.line} is no method of the families")


def _check_subgroups(groups: list[list[str]], where: str) -> None:
    held = [frozenset(names) for names in groups]
    if len(set(held)) < len(held) or any(len(set(names)) < len(names) for names in groups):
        raise InputError(f"params.yaml: {where}: an attribute or an intersection is listed twice")


def _compressed(params: Params, study: str) -> list[str]:
    """The compressed variants that a part of a study may name: if the study is run, those that are."""
    if study in params.active.studies:
        return params.active.compressed
    if params.comparison is not None and study in params.comparison.studies:
        return params.comparison.compressed
    return [variant for variant in params.variants if variant != "dense"]


def _check_budget(params: Params, name: str) -> None:
    budget = params.studies[name].budget
    if budget is not None:
        _check_known(budget.variants, dict.fromkeys(_compressed(params, name)), f"studies.{name}.budget.variants")


def _check_layers(params: Params, name: str) -> None:
    layers, where = params.studies[name].layers, f"studies.{name}.layers.variants"
    if layers is None:
        return
    _check_known(layers.variants, dict.fromkeys(_compressed(params, name)), where)
    for variant in layers.variants:
        check_layers(variant, params.variants[variant], where=f"params.yaml: {where}")


def _check_latency(params: Params, name: str) -> None:
    latency = params.studies[name].latency
    if latency is not None:
        _check_known(latency.variants, dict.fromkeys(_compressed(params, name)), f"studies.{name}.latency.variants")


def validate(data: Mapping[str, Any]) -> Params:
    """Check the whole file, with every option of every module that it names.

    Raises
    ------
    InputError
        Names the first key at fault and what was expected there.
    """
    params = Params.read(data, where="")
    _check_ids(params.studies, "studies")
    _check_ids(params.variants, "variants")
    _check_ids(params.figures, "figures")
    _check_known(params.active.studies, params.studies, "active.studies")
    kinds = {name: plugins.checked_kind(variant, where=f"variants.{name}") for name, variant in params.variants.items()}
    if params.variants.get("dense", {}).get("method") not in DENSE:
        raise InputError(f"params.yaml: variants.dense: a method of {', '.join(DENSE)} is expected")
    _check_parents(params, kinds)
    _check_populations(params.active, params, kinds, "active")
    _check_comparison(params, kinds)
    _check_trained_beside_pretrained(params, kinds)
    for name, study in params.studies.items():
        _check_budget(params, name)
        _check_layers(params, name)
        _check_latency(params, name)
        _check_subgroups(study.subgroups, f"studies.{name}.subgroups")
        plugins.options("data", study.data, where=f"studies.{name}.data")
        if study.adversarial is not None:
            plugins.options("data", study.adversarial, where=f"studies.{name}.adversarial")
        plugins.options("model", study.model, where=f"studies.{name}.model")
    return params
