from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesion.audit.comparison.populations import Population, read_population
from lesion.audit.inference.power import members_needed
from lesion.audit.planning.pair import plan_pair
from lesion.audit.planning.plan import class_recalls, class_sizes, plan_files, plan_study, plan_text
from lesion.audit.planning.power import detectable, pilot_spread, power_table
from lesion.errors import InputError
from lesion.params.impact import Impact
from tests.compared import compared, examples_path, predictions
from tests.synthetic import labels, population, table, write_examples, write_population

SETTINGS = Impact(alpha=0.05, normalise="population")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A study of four classes, its two populations of six members in the current folder."""
    monkeypatch.chdir(tmp_path)
    rng, label = np.random.default_rng(1), labels(np.random.default_rng(2), 120, 4)
    for variant, skill in (("dense", 0.8), ("half", 0.6)):
        one = population(rng, label, members=6, classes=4, skill=skill)
        write_population("toy", variant, "0-5", one)
    write_examples("toy", one, list("abcd"))
    return "toy"


def told(study: str, variant: str | None, **more: list[Any]) -> str:
    return plan_study(
        examples=examples_path(study),
        dense=predictions(study, "dense", ["0-5"]),
        compressed=None if variant is None else predictions(study, variant, ["0-5"]),
        settings=SETTINGS,
        design="auto",
        changes=[0.05, 0.1],
        sizes=more.get("sizes", []),
        levels=more.get("levels", []),
        power=0.8,
    )


def test_the_text_shows_the_members_of_the_table(study: str) -> None:
    dense = read_population(predictions(study, "dense", ["0-5"]))
    spread = pilot_spread(dense, classes=4, settings=SETTINGS)
    rows = told(study, None, sizes=[20, 50], levels=[0.75]).splitlines()
    for examples in (20, 50):
        found = (members_needed(spread, change=change, examples=examples, recall=0.75) for change in (0.05, 0.1))
        needed = map(str, found)
        assert [str(examples), "75", "%", *needed] in [row.split() for row in rows]
    assert "change seen" not in "\n".join(rows)


def test_with_a_variant_it_says_what_could_not_have_been_seen(study: str) -> None:
    dense, half = (read_population(predictions(study, variant, ["0-5"])) for variant in ("dense", "half"))
    seen = detectable(compared(dense, half, classes=4), settings=SETTINGS)
    rows = [row.split() for row in told(study, "half").splitlines()]
    for name, row in zip("abcd", seen.to_dict("records"), strict=True):
        points = [f"{100 * row[key]:.2f}" for key in ("normalised_change", "detectable", "detectable_fdr")]
        assert [name, "30", *points] in rows


def test_beyond_what_anyone_trains_it_says_so(study: str) -> None:
    spread = pilot_spread(read_population(predictions(study, "dense", ["0-5"])), classes=4, settings=SETTINGS)
    planned = power_table(spread, changes=[1e-4], examples=[20], recalls=[0.8])
    assert "> 10,000" in plan_text(planned, power=0.8, alpha=0.05)


def test_files_of_several_members_are_planned_for_as_a_study_is(study: str) -> None:
    [dense], [half] = (predictions(study, variant, ["0-5"]) for variant in ("dense", "half"))
    found = plan_files(dense, half, alpha=0.05, design="auto", changes=[0.05, 0.1], sizes=[], levels=[], power=0.8)
    sides = (read_population([path]) for path in (dense, half))
    own = Impact(alpha=0.05, normalise="member")
    seen = detectable(compared(*sides, classes=4), settings=own)
    assert f"{100 * seen['detectable'].iloc[0]:.2f}" in found
    assert "change seen" in found


def test_files_of_one_model_each_are_planned_for_in_examples(tmp_path: Path) -> None:
    rng, label = np.random.default_rng(3), labels(np.random.default_rng(4), 90, 3)
    sides = [population(rng, label, members=1, classes=3, skill=skill) for skill in (0.9, 0.6)]
    for name, side in zip(("dense", "half"), sides, strict=True):
        table(side).to_pandas().to_csv(tmp_path / f"{name}.csv", index=False)
    files = tmp_path / "dense.csv", tmp_path / "half.csv"
    found = plan_files(*files, alpha=0.05, design="auto", changes=[0.02], sizes=[], levels=[], power=0.8)
    assert found == plan_pair(compared(sides[0], sides[1], classes=3), changes=[0.02], alpha=0.05, power=0.8)
    with pytest.raises(InputError, match="alpha"):
        plan_files(*files, alpha=1.5, design="auto", changes=[0.02], sizes=[], levels=[], power=0.8)


def test_sizes_are_quartiles_each_once() -> None:
    label = np.repeat(np.arange(5), [10, 10, 10, 40, 80])
    assert class_sizes(label) == [10, 40]
    label, said = np.repeat([0, 1], 10), np.array([[*[0] * 5, *[2] * 5, *[1] * 9, 2]])
    made = Population(np.arange(20), np.array([0]), label, said)
    assert class_recalls(made) == [0.6, 0.7, 0.8]


def test_missing_predictions_are_named(study: str) -> None:
    with pytest.raises(InputError, match=r"other/0-5\.parquet"):
        told(study, "other")
