"""Notes on what cannot be said: each is given where it is true, and nowhere else."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesion.audit.comparison.from_files import from_files
from lesion.audit.estimator import Audit
from tests.audit.comparison.files.files import rows, written

FEW: dict[str, Any] = {"splits": 4, "resamples": 4}


def models(seed: int, label: Any, *, members: int) -> Any:
    rng = np.random.default_rng(seed)
    right = rng.random((members, len(label))) < 0.7
    return np.where(right, label, rng.integers(0, 4, right.shape))


def fitted(label: Any, *, members: tuple[int, int] = (5, 5), design: Any = "auto", **known: Any) -> Audit:
    dense, compressed = (models(seed, label, members=count) for seed, count in enumerate(members))
    return Audit(design=design, **FEW).fit(dense, compressed, label, **known)


def given(audit: Audit, words: str) -> bool:
    return any(words in note for note in audit.notes_)


@pytest.mark.parametrize("members", [(5, 5), (1, 1), (3, 2)])
def test_a_class_of_a_single_example_has_a_wide_interval(members: tuple[int, int]) -> None:
    label = np.arange(80) % 4
    label[label == 3] = np.where(np.arange(20) == 5, 3, 2)
    audit = fitted(label, members=members)
    row = audit.impact_.set_index("class").loc[3]
    assert row["examples"] == 1
    assert given(audit, "1 class has a single test example, which tells next to nothing")
    assert row["change_high"] - row["change_low"] > 1
    assert not given(fitted(np.arange(80) % 4), "a single test example")


def test_classes_that_no_example_has_have_no_row() -> None:
    label = np.arange(80) % 3
    audit = fitted(label)
    assert given(audit, "1 class has no test example, and so no recall.")
    assert audit.impact_["class"].tolist() == [0, 1, 2]
    assert given(fitted(label, classes=9), "6 classes have no test example, and so no recall.")
    assert not given(fitted(np.arange(80) % 4), "no test example")


@pytest.mark.parametrize(
    ("members", "design"),
    [((2, 2), "auto"), ((3, 3), "auto"), ((3, 3), "paired"), ((5, 5), "auto"), ((5, 5), "paired")],
)
def test_the_least_p_of_an_example_is_that_of_models_with_nothing_in_common(
    members: tuple[int, int], design: Any
) -> None:
    label = np.arange(60) % 4
    dense, compressed = (np.tile(said, (count, 1)) for said, count in zip((label, 3 - label), members, strict=True))
    audit = Audit(design=design, **FEW).fit(dense, compressed)
    told = [re.search(r"the least p that .* can give is ([0-9.]+)\.$", note) for note in audit.notes_]
    least = [float(match[1]) for match in told if match]
    assert bool(least) == (audit.pie_["p"].min() > 0.05)
    assert all(audit.pie_["p"].min() == pytest.approx(one, rel=0.05) for one in least)


@pytest.mark.parametrize(("members", "size"), [((5, 5), 2), ((9, 3), 3), ((4, 2), 2), ((3, 5), None)])
def test_the_null_has_as_many_models_as_the_note_says(members: tuple[int, int], size: int | None) -> None:
    audit = fitted(np.arange(80) % 4, members=members)
    assert given(audit, f"The null compares {size} dense models with {size} others") == (size is not None)
    assert given(audit, "so it needs four; there are 3") == (size is None)
    assert set(audit.null_["members"]) == ({size} if size else set())


def test_columns_that_are_no_attributes_and_what_one_of_clusters_is_called(tmp_path: Path) -> None:
    tables = [rows(seed, members=2, examples=300) for seed in (1, 2)]
    tables[0]["video"] = tables[0]["example_id"] - 5
    paths = [written(tmp_path / f"{name}.csv", table) for name, table in zip("ab", tables, strict=True)]
    said = "Not used as attributes, for they hold lists, bytes, or more than 256 values: video."
    asked = " One that says which examples belong together is to be called cluster."
    assert said + asked in Audit(**FEW).compare(from_files(*paths)).notes_
    written(paths[0], tables[0].assign(cluster=tables[0]["video"]))
    assert said in Audit(**FEW).compare(from_files(*paths)).notes_


def test_the_test_of_the_paper_is_doubted_where_classes_hardly_vary() -> None:
    rng, label = np.random.default_rng(0), np.arange(200) % 4
    able = [rng.random((8, 200)) < rng.uniform(0.3, 0.9, (8, 1)) for _ in range(2)]
    said = [np.where(one | (label < 2), label, 0) for one in able]
    audit = Audit(design="independent", **FEW).fit(said[0], said[1], label)
    assert given(audit, "2 classes hardly vary between members")
    assert not given(fitted(np.arange(80) % 4), "hardly var")
