from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lesion.artifacts.csv_tables import read_csv
from lesion.artifacts.tables import TEXT, write_parquet
from lesion.audit.comparison.attributes import ExampleAttributes
from lesion.audit.comparison.populations import Population
from lesion.audit.contract import Statistic
from lesion.audit.statistics import subgroups
from lesion.audit.statistics.subgroups import ALL
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.impact import Impact
from lesion.params.subgroups import Subgroups
from tests.compared import compared, examples_path, run
from tests.synthetic import labels, population, write_examples, write_population

Text = npt.NDArray[np.str_]

SETTINGS = Impact(alpha=0.2, normalise="population")
MEASURES = {"error": (0, 1, 2), "false-positive": (0,), "false-negative": (1,)}


STATISTIC: Statistic = subgroups  # mypy checks the module here


def table(
    dense: Population,
    compressed: Population,
    groups: dict[str, Text],
    *,
    classes: int = 2,
    smallest: int = 30,
    alpha: float = 0.05,
    design: Design = "auto",
) -> pd.DataFrame:
    return subgroups.table(
        compared(dense, compressed, classes=classes, design=design, groups=groups),
        groups=[[name] for name in groups],
        settings=Subgroups(smallest=smallest),
        impact=Impact(alpha=alpha, normalise="population"),
    )


def pair(
    seed: int, *, members: tuple[int, int] = (5, 7), classes: int = 2, examples: int = 60
) -> tuple[Population, Population, dict[str, Text]]:
    rng = np.random.default_rng(seed)
    label = labels(rng, examples, classes)
    one, other = (
        population(rng, label, members=count, classes=classes, skill=rng.uniform(0.2, 0.95, classes))
        for count in members
    )
    groups = {
        "sex": rng.choice(np.array(["female", "male"]), examples),
        "age": rng.choice(np.array(["1 (least)", "2", "3"]), examples),
    }
    return one, other, groups


def rates_by_loop(made: Population, chosen: list[int]) -> list[float]:
    """The share of `chosen` examples that each member gets wrong."""
    assert made.label is not None
    return [sum(bool(row[i] != made.label[i]) for i in chosen) / len(chosen) for row in made.prediction]


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    members=st.tuples(st.integers(2, 6), st.integers(2, 6)),
    classes=st.integers(2, 3),
    paired=st.booleans(),
)
def test_every_row_is_what_a_loop_and_scipy_give(
    seed: int, members: tuple[int, int], classes: int, paired: bool
) -> None:
    members = (members[0], members[0]) if paired else members
    dense, compressed, groups = pair(seed, members=members, classes=classes)
    design: Design = "paired" if paired else "auto"
    found = table(dense, compressed, groups, classes=classes, design=design)
    assert dense.label is not None
    for row in found.to_dict("records"):
        about = [i for i, label in enumerate(dense.label) if label in MEASURES[row["measure"]]]
        chosen = [i for i in about if row["attribute"] == ALL or groups[row["attribute"]][i] == row["group"]]
        before, after = (np.array(rates_by_loop(made, chosen)) for made in (dense, compressed))
        whole = [np.array(rates_by_loop(made, about)) for made in (dense, compressed)]
        change, overall = after.mean() - before.mean(), whole[1].mean() - whole[0].mean()
        assert row["examples"] == len(chosen)
        assert row["dense_rate"] == pytest.approx(before.mean())
        assert row["compressed_rate"] == pytest.approx(after.mean())
        assert row["change"] == pytest.approx(change, abs=1e-14)
        if before.mean():
            assert row["relative_change"] == pytest.approx(change / before.mean(), abs=1e-12)
        if abs(overall) > 1e-12:
            assert row["normalised_change"] == pytest.approx(change / overall, rel=1e-9, abs=1e-9)
        if row["attribute"] == ALL:
            assert row["test"] == "none"
            assert np.isnan([row["t"], row["p"], row["q"]]).all()
            continue
        if row["test"] == "none":
            assert len({groups[row["attribute"]][i] for i in about}) == 1
            continue
        assert row["test"] == ("moderated-paired" if paired else "moderated")
        assert row["t"] * (change - overall) >= -1e-12
        a, b = after - whole[1], before - whole[0]
        samples = [a - b] if paired else [a, b]
        error = np.sqrt(sum(sample.var(ddof=1) / len(sample) for sample in samples))
        if len(set(groups[row["attribute"]])) < 3:  # no others that lend
            assert abs(row["t"]) <= abs(change - overall) / max(error, 1e-12) + 1e-9
            assert row["degrees_of_freedom"] == min(members) - 1
        assert row["p"] == pytest.approx(2 * stats.t.sf(abs(row["t"]), row["degrees_of_freedom"]), rel=1e-8)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 3))
def test_rows_are_every_group_that_is_there_once(seed: int, classes: int) -> None:
    dense, compressed, groups = pair(seed, classes=classes, examples=12)
    found = table(dense, compressed, groups, classes=classes)
    assert dense.label is not None
    measures = list(MEASURES) if classes == 2 else ["error"]
    expected = [(ALL, measure, ALL) for measure in measures]
    for name, values in groups.items():
        for measure in measures:
            there = {values[i] for i, label in enumerate(dense.label) if label in MEASURES[measure]}
            expected += [(name, measure, group) for group in sorted(there)]
    assert list(zip(found["attribute"], found["measure"], found["group"], strict=True)) == expected


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1))
def test_groups_of_an_attribute_make_up_the_whole(seed: int) -> None:
    found = table(*pair(seed))
    overall = found[found["attribute"] == ALL].set_index("measure")
    for (_, measure), part in found[found["attribute"] != ALL].groupby(["attribute", "measure"]):
        assert part["examples"].sum() == overall.loc[measure, "examples"]
        for column in ("dense_rate", "compressed_rate", "change"):
            weighted = np.average(part[column], weights=part["examples"])
            assert weighted == pytest.approx(overall.loc[measure, column], abs=1e-12)
    errors = found[found["measure"] == "error"].set_index(["attribute", "group"])["examples"]
    halves = found[found["measure"] != "error"].groupby(["attribute", "group"])["examples"].sum()
    assert halves.sort_index().tolist() == errors.sort_index().tolist()


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), alpha=st.floats(0.001, 0.5))
def test_flags_follow_p_and_q_over_all_tests_of_the_table(seed: int, alpha: float) -> None:
    found = table(*pair(seed), alpha=alpha)
    tested = found[found["attribute"] != ALL]
    np.testing.assert_allclose(tested["q"], stats.false_discovery_control(tested["p"]), rtol=1e-12)
    assert found["significant"].tolist() == [p < alpha for p in found["p"]]
    assert found["significant_fdr"].tolist() == [q < alpha for q in found["q"]]
    assert not found.loc[found["attribute"] == ALL, "significant"].any()


def test_members_that_change_in_a_group_as_they_do_on_the_whole_are_not_told_apart() -> None:
    rng = np.random.default_rng(3)
    label = np.zeros(90, dtype=np.int16)
    groups = {"site": np.repeat(np.array(["a", "b"]), [30, 60])}
    wrong = np.zeros((7, 90), dtype=np.int16)
    for row in wrong:  # every member otherwise, so that a rounding error would have another size in each
        row[: rng.integers(0, 20)] = 1
        row[30 : 30 + rng.integers(0, 40)] = 1
    worse = wrong.copy()
    worse[:, 29], worse[:, -2:] = 1, 1  # of a one in thirty more, of b two in sixty
    ids, members = np.arange(90), np.arange(7)
    before, after = (Population(ids, members, label, prediction) for prediction in (wrong, worse))
    found = table(before, after, groups, classes=3, design="paired").set_index("group")
    assert found.loc[["a", "b"], "t"].tolist() == [0, 0]
    assert found.loc[["a", "b"], "p"].tolist() == [1, 1]
    assert found.loc[["a", "b"], "normalised_change"].tolist() == pytest.approx([1, 1])


def test_without_any_change_nothing_is_significant_and_nothing_is_divided_by_it() -> None:
    dense, _, groups = pair(1)
    found = table(dense, dense, groups)
    for column in ("change", "relative_change"):
        assert found[column].dropna().tolist() == [0] * found[column].notna().sum()
    assert found["normalised_change"].isna().all()
    assert (found.loc[found["attribute"] != ALL, "p"] == 1).all()
    assert not found["significant"].any()


def test_groups_that_are_never_wrong_have_no_relative_change() -> None:
    label = np.zeros(8, dtype=np.int16)
    prediction = np.zeros((2, 8), dtype=np.int16)
    later = prediction.copy()
    later[:, 0] = 1
    before, after = (Population(np.arange(8), np.arange(2), label, said) for said in (prediction, later))
    found = table(before, after, {"site": np.array(["a"] * 4 + ["b"] * 4)}).set_index(["measure", "group"])
    assert found.loc[("error", "a"), "change"] == 0.25
    assert found["relative_change"].isna().all()
    assert "false-negative" not in found.index.get_level_values("measure")  # no example of class 1


def test_without_an_effect_about_alpha_of_the_groups_are_significant() -> None:
    rng, rounds, examples = np.random.default_rng(1911), 40, 600
    label = labels(rng, examples, 4)
    names = {f"attribute {k}": rng.choice(np.array(["a", "b", "c"]), examples) for k in range(10)}
    p = []
    for _ in range(rounds):
        one, other = (population(rng, label, members=10, classes=4, skill=0.8) for _ in range(2))
        found = table(one, other, names, classes=4)
        p += found.loc[found["group"] == "a", "p"].tolist()
    low, high = stats.binom.interval(0.9999, len(p), 0.05)
    assert low <= sum(value < 0.05 for value in p) <= high


def test_a_group_that_pays_is_found_and_those_beside_it_are_seen_to_pay_less() -> None:
    rng, examples = np.random.default_rng(5), 900
    label = labels(rng, examples, 3)
    site = rng.permutation(np.repeat(np.array(["a", "b", "c"]), 300))
    other = rng.choice(np.array(["x", "y"]), examples)
    dense = population(rng, label, members=12, classes=3, skill=0.9)
    compressed = population(rng, label, members=12, classes=3, skill=0.9)
    worse = population(rng, label, members=12, classes=3, skill=0.5).prediction
    hit = replace(compressed, prediction=np.where(site == "c", worse, compressed.prediction))
    found = table(dense, hit, {"site": site, "other": other}, classes=3).set_index(["attribute", "group"])
    assert found.loc["site", "significant_fdr"].all()
    assert np.sign(found.loc["site", "t"]).tolist() == [-1, -1, 1]
    assert found.loc[("site", "c"), "normalised_change"] == pytest.approx(3, abs=0.3)
    assert not found.loc["other", "significant_fdr"].any()


@pytest.mark.parametrize("members", [(1, 1), (1, 4), (4, 1)])
def test_a_single_model_has_rates_and_intervals_and_no_test(members: tuple[int, int]) -> None:
    found = table(*pair(2, members=members))
    assert (found["test"] == "none").all()
    assert found[["t", "degrees_of_freedom", "p", "q"]].isna().all(axis=None)
    assert not found[["significant", "significant_fdr"]].any(axis=None)
    assert ((found["change_low"] < found["change"]) & (found["change"] < found["change_high"])).all()


def test_small_groups_are_named_as_such() -> None:
    dense, compressed, groups = pair(4, examples=60)
    groups["site"] = np.repeat(np.array(["a", "b", "c"]), [19, 20, 21])
    found = table(dense, compressed, groups, smallest=20)
    assert found["small"].tolist() == [count < 20 for count in found["examples"]]
    site = found[(found["attribute"] == "site") & (found["measure"] == "error")]
    assert site["small"].tolist() == [True, False, False]


def test_attributes_that_cannot_be_audited() -> None:
    dense, compressed, groups = pair(0)
    with pytest.raises(InputError, match="no attribute may be called all"):
        table(dense, compressed, {"all": groups["sex"]})
    with pytest.raises(InputError):
        table(dense, compressed, groups, classes=1)


def test_without_labels_there_is_a_header_alone() -> None:
    dense, compressed, groups = pair(0)
    found = table(replace(dense, label=None), replace(compressed, label=None), groups)
    assert found.empty
    assert found.columns.tolist() == table(dense, compressed, groups).columns.tolist() == subgroups.SCHEMA.names


def attributed(made: Population, columns: Mapping[str, Sequence[str | None]]) -> None:
    """Write a table of the examples of `made` and as many others, in another order, with these attributes."""
    write_examples("toy", made, ["no", "yes"])
    count = len(made.example_id)
    rows = np.random.default_rng(0).permutation(2 * count)
    assert made.label is not None
    ids = np.concatenate([made.example_id, 10_000 + np.arange(count, dtype=np.int32)])
    found = {"example_id": pa.array(ids), "label": pa.array(np.concatenate([made.label, made.label]))}
    text: dict[str, Sequence[str | None]] = {"split": ["test"] * count, "source": ["made up"] * count, **columns}
    for name, values in text.items():
        found[name] = pa.array([*values, *(["elsewhere"] * count)]).dictionary_encode().cast(TEXT)
    write_parquet(examples_path("toy"), pa.table(found).take(pa.array(rows)), class_names=["no", "yes"])


def test_attributes_are_found_by_id_and_several_make_intersections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made, _, groups = pair(0)
    sex: list[str | None] = [*groups["sex"].tolist()[:-1], None]
    attributed(made, {"sex": sex, "age": groups["age"].tolist()})
    found = ExampleAttributes(examples_path("toy"), made.example_id)
    expected = [*groups["sex"].tolist()[:-1], "unknown"]
    assert list(found) == ["sex", "age"]
    assert found["sex"].tolist() == expected
    assert ExampleAttributes(examples_path("toy"), made.example_id[::-1])["sex"].tolist() == expected[::-1]
    both = [f"{age}, {sex}" for age, sex in zip(groups["age"], expected, strict=True)]
    comparison = compared(made, made, classes=2, groups=found)
    rows = subgroups.table(
        comparison, groups=[["sex"], ["age", "sex"]], settings=Subgroups(smallest=9), impact=SETTINGS
    )
    errors = rows[rows["measure"] == "error"].set_index(["attribute", "group"])["examples"]
    assert errors["age & sex"].to_dict() == {name: both.count(name) for name in set(both)}
    assert errors["sex"].to_dict() == {name: expected.count(name) for name in set(expected)}


def test_an_attribute_or_an_example_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made, _, groups = pair(0)
    attributed(made, {name: values.tolist() for name, values in groups.items()})
    found = ExampleAttributes(examples_path("toy"), made.example_id)
    with pytest.raises(InputError, match=r"no attribute slant, there is sex, age$"):
        found["slant"]
    with pytest.raises(InputError, match="no attribute source"):
        found["source"]
    for stranger in (9_999, 99_999):
        with pytest.raises(InputError, match=f"example {stranger} is not in it"):
            ExampleAttributes(examples_path("toy"), np.append(made.example_id, stranger))["sex"]
    write_examples("toy", made, ["no", "yes"])
    with pytest.raises(InputError, match=r"no attribute sex, there is none$"):
        ExampleAttributes(examples_path("toy"), made.example_id)["sex"]


def test_the_node_writes_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dense, compressed, groups = pair(6)
    attributed(dense, {name: values.tolist() for name, values in groups.items()})
    for variant, made in (("dense", dense), ("gmp-50", compressed)):
        write_population("toy", variant, "0-6", made)
    names = [["sex"], ["sex", "age"]]
    written = run(
        "subgroups", "toy", "gmp-50", ["0-6"], design="independent", groups=names, settings=Subgroups(smallest=25),
        impact=SETTINGS,
    )  # fmt: skip
    both = np.array([f"{sex}, {age}" for sex, age in zip(groups["sex"], groups["age"], strict=True)])
    expected = table(dense, compressed, {"sex": groups["sex"], "sex & age": both}, smallest=25, alpha=0.2)
    pd.testing.assert_frame_equal(read_csv(written), expected, check_dtype=False)
