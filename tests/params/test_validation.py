import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from ruamel.yaml import YAML

from lesion.data.corruptions.corrupt import CORRUPTIONS
from lesion.errors import InputError
from lesion.params.document import cut, read_yaml
from lesion.params.robustness import Corruption
from lesion.params.validation import validate
from tests.conftest import REPOSITORY, tiny

Params = dict[str, Any]
PARAMS = REPOSITORY / "params.yaml"


def put(key: str, value: Any) -> Callable[[Params], None]:
    """Set the value at a key, whose parts are separated by slashes."""

    def change(params: Params) -> None:
        *folders, last = key.split("/")
        for folder in folders:
            params = params[folder]
        params[last] = value

    return change


def drop(key: str) -> Callable[[Params], None]:
    """Remove a key."""

    def change(params: Params) -> None:
        *folders, last = key.split("/")
        for folder in folders:
            params = params[folder]
        del params[last]

    return change


def add(key: str, value: Any) -> Callable[[Params], None]:
    """Append to the list at a key."""

    def change(params: Params) -> None:
        part: Any = params
        for folder in key.split("/"):
            part = part[folder]
        part.append(value)

    return change


def without(part: Params, key: str) -> Params:
    """All but one key."""
    return {name: value for name, value in part.items() if name != key}


def both(*changes: Callable[[Params], None]) -> Callable[[Params], None]:
    """One change after the other."""

    def change(params: Params) -> None:
        for one in changes:
            one(params)

    return change


RECIPE, PRUNED = "studies/digits/recipe", "variants/gmp-50"
COMPARED = tiny()["comparison"]
REGROWTH = "variants.gmp-50.regrowth"
GRADUAL = {"name": "gradual", "begin": 0.1, "end": 0.5, "every": 0.1}
TIMES = {"every": 0.1, "end": 0.9}
SET = {"name": "exchange", "drop": "magnitude", "grow": "magnitude", "fraction": 0.3, "decay": "constant"} | TIMES
PRETRAINED = {"method": "pretrained", "files": "{member}.pt"}
EXTERNAL = {"method": "external", "predictions": "some.csv", "members": "0-0"}
LTP = {"name": "ltp", "strength": 0.1, "temperature": 0.1, "rate": 1.0, "begin": 0.2}
NO_NAMES: Params = {"a number": 5, "a list": ["magnitude"], "without name": {}, "a path": "../methods/dense"}
L1 = {"name": "l1", "strength": 0.1}

CASES: dict[str, tuple[Callable[[Params], None], str]] = {
    # what is wrong: how it comes about, the key that the message must name
    "external listed as trained": (both(put("variants/x", EXTERNAL), put("active/trained", ["x"])), "active.trained"),
    "external without members": (put("variants/x", without(EXTERNAL, "members")), "variants.x.members"),
    "external of no range": (put("variants/x", EXTERNAL | {"members": "5"}), "variants.x.members"),
    "derived of nothing": (drop("variants/int8-static/of"), "variants.int8-static.of"),
    "derived of an unknown variant": (put("variants/int8-static/of", "gmp-55"), "variants.int8-static.of"),
    "derived of itself": (put("variants/x", {"method": "float16", "of": "x"}), "variants.x.of"),
    "derived in a circle": (
        both(put("variants/x", {"method": "float16", "of": "y"}), put("variants/y", {"method": "float16", "of": "x"})),
        "variants.x.of",
    ),
    "derived of integers": (
        both(put("variants/x", {"method": "float16", "of": "int8-static"}), put("active/derived", ["x"])),
        "variants.x.of",
    ),
    "derived of predictions": (
        both(
            put("variants/e", EXTERNAL), put("variants/x", {"method": "float16", "of": "e"}),
            put("active/derived", ["x"]),
        ),
        "variants.x.of",
    ),
    "trained beside a pretrained dense": (put("variants/dense", PRETRAINED), "active.trained: gmp-50"),
    "made of what is trained so": (
        both(
            put("variants/dense", PRETRAINED), put("variants/x", {"method": "float16", "of": "gmp-50"}),
            put("active/trained", []), put("active/derived", ["x"]),
        ),
        "active.derived: x is made of gmp-50, which trains",
    ),
    "one member": (put("active/shards", ["0-0"]), "active.shards"),
    "members that make no halves": (put("active/shards", ["0-2"]), "active.shards"),
    "unknown study": (put("active/studies", ["svhn"]), "active.studies"),
    "no study": (put("active/studies", []), "active.studies"),
    "unknown trained variant": (put("active/trained", ["gmp-55"]), "active.trained"),
    "unknown derived variant": (put("active/derived", ["int4"]), "active.derived"),
    "subgroup listed twice": (put("studies/digits/subgroups", [["a", "b"], ["b", "a"]]), "studies.digits.subgroups"),
    "subgroup of nothing": (put("studies/digits/subgroups", [[]]), "studies.digits.subgroups.0"),
    "variant listed twice": (put("active/trained", ["gmp-50", "gmp-50"]), "active.trained"),
    "derived listed as trained": (put("active/trained", ["int8-static"]), "active.trained"),
    "trained listed as derived": (put("active/derived", ["gmp-50"]), "active.derived"),
    "dense listed": (put("active/trained", ["dense"]), "variants.dense"),
    "dense missing": (drop("variants/dense"), "variants.dense"),
    "dense that is not dense": (put("variants/dense", {"method": "float16"}), "variants.dense"),
    "overlapping shards": (put("active/shards", ["0-9", "5-14"]), "active.shards"),
    "shard listed twice": (put("active/shards", ["0-9", "0-9"]), "active.shards"),
    "shard without a dash": (put("active/shards", ["0"]), "active.shards"),
    "shard that runs backwards": (put("active/shards", ["9-0"]), "active.shards"),
    "shard with leading zeros": (put("active/shards", ["00-09"]), "active.shards"),
    "shard that YAML reads as a number": (put("active/shards", [9]), "active.shards.0"),
    "no shard": (put("active/shards", []), "active.shards"),
    "sparsity of zero": (put(f"{PRUNED}/sparsity", 0.0), "variants.gmp-50.sparsity"),
    "sparsity of one": (put(f"{PRUNED}/sparsity", 1.0), "variants.gmp-50.sparsity"),
    "sparsity in per cent": (put(f"{PRUNED}/sparsity", 50), "variants.gmp-50.sparsity"),
    "sparsity that is text": (put(f"{PRUNED}/sparsity", "0.5"), "variants.gmp-50.sparsity"),
    "sparsity that is not a number": (put(f"{PRUNED}/sparsity", float("nan")), "variants.gmp-50.sparsity"),
    "sparsity missing": (drop(f"{PRUNED}/sparsity"), "variants.gmp-50.sparsity"),
    "unknown option of a method": (put(f"{PRUNED}/sparsty", 0.5), "variants.gmp-50.sparsty"),
    "option of dense": (put("variants/int8-static/level", 1), "variants.int8-static.level"),
    "dot in a variant": (put("variants/gmp-0.5", {"method": "dense"}), "gmp-0.5"),
    "dot in a study": (lambda params: put("studies/digits.v2", params["studies"]["digits"])(params), "digits.v2"),
    "space in a figure": (lambda params: put("figures/an id", params["figures"]["impact"])(params), "an id"),
    "variant that YAML reads as a number": (lambda params: params["variants"].update({50: {}}), "variants.50"),
    "unknown method": (put("variants/gmp-50/method", "prone"), "variants.gmp-50.method"),
    "method missing": (drop("variants/gmp-50/method"), "variants.gmp-50.method"),
    "method that is no name": (put("variants/gmp-50/method", "prune; rm"), "variants.gmp-50.method"),
    "unknown score": (put(f"{PRUNED}/score", "luck"), "variants.gmp-50.score"),
    "unknown shape": (put(f"{PRUNED}/shape", "luck"), "variants.gmp-50.shape"),
    "unknown regrowth": (put(f"{PRUNED}/regrowth", "luck"), "variants.gmp-50.regrowth"),
    "unknown regulariser": (put(f"{PRUNED}/regulariser", {"name": "luck"}), "variants.gmp-50.regulariser"),
    "unknown regulariser that learns masks": (
        put("variants/learnt", {"method": "learn-masks", "regulariser": "luck"}), "variants.learnt.regulariser"
    ),
    "unknown allocation": (put(f"{PRUNED}/allocation", "luck"), "variants.gmp-50.allocation"),
    "unknown schedule": (put(f"{PRUNED}/schedule", GRADUAL | {"name": "luck"}), "variants.gmp-50.schedule"),
    "schedule without name": (put(f"{PRUNED}/schedule", {"begin": 0.1}), "variants.gmp-50.schedule.name"),
    "schedule that ends first": (put(f"{PRUNED}/schedule", GRADUAL | {"end": 0.05}), "variants.gmp-50.schedule"),
    "unknown data": (put("studies/digits/data/name", "digit"), "studies.digits.data.name"),
    "unknown adversarial data": (put("studies/digits/adversarial/name", "x"), "studies.digits.adversarial.name"),
    "unknown option of data": (put("studies/digits/data/seed", 1), "studies.digits.data.seed"),
    "share of one": (put("studies/digits/data/test_share", 1.0), "studies.digits.data.test_share"),
    "unknown model": (put("studies/digits/model/name", "big-cnn"), "studies.digits.model.name"),
    "module that is no model": (put("studies/digits/model/name", "build"), "studies.digits.model.name"),
    "no widths": (put("studies/digits/model/widths", []), "studies.digits.model.widths"),
    "no epochs": (put(f"{RECIPE}/epochs", 0), "studies.digits.recipe.epochs"),
    "epochs that are text": (put(f"{RECIPE}/epochs", "16"), "studies.digits.recipe.epochs"),
    "epochs that are true": (put(f"{RECIPE}/epochs", True), "studies.digits.recipe.epochs"),
    "rate that YAML 1.1 reads as text": (put(f"{RECIPE}/rate", "1e-3"), "studies.digits.recipe.rate"),
    "unknown precision": (put(f"{RECIPE}/precision/cpu", "float8"), "studies.digits.recipe.precision.cpu"),
    "precision of an unknown device": (put(f"{RECIPE}/precision/tpu", "float32"), "studies.digits.recipe.precision"),
    "unknown key of a recipe": (put(f"{RECIPE}/optimizer", "adam"), "studies.digits.recipe.optimizer"),
    "severity of six": (put("studies/digits/robustness/severities", [6]), "studies.digits.robustness.severities"),
    "unknown key": (put("seed", 1), "seed"),
    "part missing": (drop("audit/halves"), "audit.halves"),
    "negative root seed": (put("root_seed", -1), "root_seed"),
    "alpha of zero": (put("audit/impact/alpha", 0.0), "audit.impact.alpha"),
    "unknown normalisation": (put("audit/impact/normalise", "class"), "audit.impact.normalise"),
    "no splits": (put("audit/halves/splits", 0), "audit.halves.splits"),
    "figure without width": (drop("figures/impact/width"), "figures.impact.width"),
    "figure of no height": (put("figures/impact/height", 0), "figures.impact.height"),
    "comparison of an unknown study": (put("comparison/studies", ["svhn"]), "comparison.studies"),
    "comparison of an active study": (put("comparison/studies", ["digits"]), "comparison.studies"),
    "active comparison that is none": (put("active/comparisons", ["cifar10"]), "active.comparisons"),
    "active comparisons missing": (drop("active/comparisons"), "active.comparisons"),
    "comparison of an unknown variant": (put("comparison/trained", ["gmp-55"]), "comparison.trained"),
    "comparison of derived as trained": (put("comparison/trained", ["int8-static"]), "comparison.trained"),
    "comparison of nothing": (put("comparison", COMPARED | {"trained": [], "derived": []}), "comparison.trained"),
    "comparison of overlapping shards": (put("comparison/shards", ["0-9", "9-9"]), "comparison.shards"),
    "comparison of dense": (put("comparison/trained", ["dense"]), "variants.dense"),
    "method in no family": (put("comparison/families", []), "comparison.families"),
    "method in two families": (
        add("comparison/families", {"name": "other", "methods": ["gmp"]}), "comparison.families"
    ),
    "dot in a family": (add("comparison/families", {"name": "v.2", "methods": []}), "v.2"),
    "one resample": (put("comparison/resamples", 1), "comparison.resamples"),
    "ranking in per cent": (put("comparison/ranking/sparsities", [50.0]), "comparison.ranking.sparsities.0"),
    "no drop": (put("comparison/ranking/accuracy_drops", [0.0]), "comparison.ranking.accuracy_drops.0"),
    "study that is empty": (put("studies/digits", None), "studies.digits"),
    "variant that is empty": (put("variants/gmp-50", None), "variants.gmp-50"),
    **{
        f"{axis} missing": (drop(f"{PRUNED}/{axis}"), f"variants.gmp-50.{axis}")
        for axis in ("score", "shape", "allocation", "schedule")
    },
    **{
        f"{axis} that is {what}": (put(f"{PRUNED}/{axis}", value), f"variants.gmp-50.{axis}")
        for axis in ("score", "shape", "allocation", "schedule", "regrowth", "regulariser")
        for what, value in NO_NAMES.items()
    },
    **{
        f"{axis} of nothing": (put(f"{PRUNED}/{axis}", None), f"variants.gmp-50.{axis}")
        for axis in ("score", "shape", "allocation", "schedule")
    },
    "option of a name": (put(f"{PRUNED}/score", {"name": "magnitude", "power": 2}), "variants.gmp-50.score.power"),
    "N:M without M": (put(f"{PRUNED}/shape", "n-m"), "variants.gmp-50.shape.of"),
    "N:M of one": (put(f"{PRUNED}/shape", {"name": "n-m", "of": 1}), "variants.gmp-50.shape.of"),
    "block without side": (put(f"{PRUNED}/shape", {"name": "block"}), "variants.gmp-50.shape.side"),
    "growth by an unknown score": (put(f"{PRUNED}/regrowth", SET | {"grow": "luck"}), f"{REGROWTH}.grow"),
    "growth without a score": (put(f"{PRUNED}/regrowth", without(SET, "grow")), f"{REGROWTH}.grow"),
    "growth by a score without its options": (
        put(f"{PRUNED}/regrowth", SET | {"grow": "gradient"}), f"{REGROWTH}.grow.images"
    ),
    "growth by a score with other options": (
        put(f"{PRUNED}/regrowth", SET | {"grow": {"name": "magnitude", "images": 8}}), f"{REGROWTH}.grow.images"
    ),
    "growth of all": (put(f"{PRUNED}/regrowth", SET | {"fraction": 1.0}), f"{REGROWTH}.fraction"),
    "surgery without a lead": (
        put(f"{PRUNED}/regrowth", {"name": "surgery", "every": 0.1, "end": 1.0}), f"{REGROWTH}.lead"
    ),
    "no rounds": (
        put(f"{PRUNED}/schedule", {"name": "iterative", "rounds": 0, "rewind": None}), "variants.gmp-50.schedule.rounds"
    ),
    "regulariser that learns masks beside a score": (put(f"{PRUNED}/regulariser", LTP), "variants.gmp-50.regulariser"),
    "regulariser that learns no masks alone": (
        put("variants/learnt", {"method": "learn-masks", "regulariser": L1}), "variants.learnt.regulariser"
    ),
    "learnt masks without a regulariser": (
        put("variants/learnt", {"method": "learn-masks"}), "variants.learnt.regulariser"
    ),
    "learnt masks of a sparsity": (
        put("variants/learnt", {"method": "learn-masks", "regulariser": LTP, "sparsity": 0.5}),
        "variants.learnt.sparsity",
    ),
    "axis of dense": (put("variants/int8-static/score", "magnitude"), "variants.int8-static.score"),
    "schedule that is a name": (put(f"{PRUNED}/schedule", "gradual"), "variants.gmp-50.schedule"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_told_in_one_line_that_names_file_and_key(case: str) -> None:
    change, key = CASES[case]
    params = tiny()
    change(params)
    with pytest.raises(InputError) as raised:
        validate(params)
    message = str(raised.value)
    assert message.startswith("params.yaml: ")
    assert re.search(rf"(?<![\w.-]){re.escape(key)}(?![\w-])", message), message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"regrowth": SET | {"grow": {"name": "gradient", "images": 8}}},
        {"shape": {"name": "n-m", "of": 4}, "score": {"name": "magnitude"}},
        {"regulariser": L1, "regrowth": None},
        {"method": "learn-masks", "regulariser": LTP},
    ],
)
def test_what_a_variant_may_name(more: Params) -> None:
    params = tiny()
    pruned = params["variants"]["gmp-50"] if "method" not in more else {}
    params["variants"]["another"] = pruned | more
    validate(params)


def test_faults_of_the_catalogue_are_found_although_inactive() -> None:
    params = tiny()
    params["variants"]["gmp-999"] = params["variants"]["gmp-50"] | {"sparsity": 9.99}
    with pytest.raises(InputError, match=r"^params.yaml: variants.gmp-999.sparsity: "):
        validate(params)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"params\.yaml: not in this folder; run lesion in the folder of a study"):
        read_yaml(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("active: [", "params.yaml: not YAML: .*line [12]"),
        ("a: *nowhere", "params.yaml: not YAML: "),
        ("- a list", "params.yaml: a mapping is expected"),
        ("", "params.yaml: a mapping is expected"),
    ],
)
def test_a_file_that_is_not_a_mapping_in_yaml(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(InputError, match=message) as raised:
        read_yaml(tmp_path / "params.yaml")
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("content", [b"\xff\xfe a: 1", b"a: \x00"])
def test_a_file_that_is_not_text(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes(content)
    with pytest.raises(InputError, match=r"params\.yaml: not YAML: "):
        read_yaml(tmp_path / "params.yaml")


def test_dense_may_be_predictions_from_elsewhere_where_nothing_is_made_of_it() -> None:
    params = tiny()
    params["variants"]["dense"] = EXTERNAL
    with pytest.raises(InputError, match=r"variants\.int8-static\.of: dense is made by external"):
        validate(params)
    params["active"]["derived"], params["comparison"]["derived"] = [], []
    params["comparison"]["families"] = params["comparison"]["families"][:1]
    validate(params)


def test_the_repository_s_own_file_is_valid() -> None:
    params = validate(read_yaml(PARAMS))
    assert params.active.compressed == [*params.active.trained, *params.active.derived]
    validate(tiny())


def leaves(data: Any, at: str = "") -> Iterator[tuple[str, type, Any]]:
    """Every scalar with its key and type: 1 and 1.0 and True are equal, but not the same."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else None
    if items is None:
        yield at, type(data), data
    else:
        for key, value in items:
            yield from leaves(value, f"{at}/{key!r}")


def test_both_yaml_loaders_read_the_same() -> None:
    dvc = YAML(typ="safe")
    dvc.version = (1, 2)  # what DVC reads params.yaml with
    with PARAMS.open() as file:
        one = dvc.load(file)
    other = yaml.safe_load(PARAMS.read_text())
    assert list(leaves(one)) == list(leaves(other))
    assert len(list(leaves(one))) > 100


def test_cutting_gives_the_part_at_a_dotted_key() -> None:
    data = read_yaml(PARAMS)
    assert cut(data, "root_seed") == data["root_seed"]
    assert cut(data, "studies.digits.recipe") is data["studies"]["digits"]["recipe"]


ABSENT = {
    "studies.svhn.data": (
        "studies.svhn (digits, digits-catalogue, cifar10-cpu, cifar10-catalogue, cifar10, celeba, imagenet)"
    ),
    "variants.gmp-55": "variants.gmp-55 (the nearest is gmp-50)",
    "studies.digit.data": "studies.digit (the nearest is digits)",
    "figures.pie-chart": "figures.pie-chart (the nearest is pie-sheet)",
    "root_seed.more": "root_seed.more",
}


@pytest.mark.parametrize("key", ABSENT)
def test_cutting_where_there_is_nothing_names_what_there_is(key: str) -> None:
    with pytest.raises(InputError) as raised:
        cut(read_yaml(PARAMS), key)
    assert str(raised.value) == f"params.yaml: there is no {ABSENT[key]}"


UNKNOWN_KEYS = {
    "studies/digits/recipe/epoch": "studies.digits.recipe.epoch: there is no such key (the nearest is epochs)",
    "studies/digits/evaluaton": "studies.digits.evaluaton: there is no such key (the nearest is evaluation)",
    "variants/gmp-50/sparsty": "variants.gmp-50.sparsty: there is no such key (the nearest is sparsity)",
    "audit/impact/alfa": "audit.impact.alfa: there is no such key (the nearest is alpha)",
    "activ": "activ: there is no such key (the nearest is active)",
}


@pytest.mark.parametrize("key", UNKNOWN_KEYS)
def test_an_unknown_key_is_named_with_the_nearest_known_one(key: str) -> None:
    params = tiny()
    put(key, 1)(params)
    with pytest.raises(InputError) as raised:
        validate(params)
    assert str(raised.value) == f"params.yaml: {UNKNOWN_KEYS[key]}"


def test_the_corruptions_of_the_params_are_those_of_the_data() -> None:
    assert get_args(Corruption) == CORRUPTIONS
