"""Class ids that are off by one are told; models that are bad in another way are not."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.audit.comparison.from_arrays import from_arrays
from lesion.audit.comparison.from_files import from_files
from lesion.audit.comparison.from_nodes import from_nodes
from lesion.errors import InputError
from tests.audit.comparison.files.files import rows, written
from tests.compared import examples_path, predictions
from tests.synthetic import labels, population, write_examples, write_population

Integers = npt.NDArray[np.int64]


def answers(seed: int, label: Integers, *, classes: int, skill: float, members: int = 2) -> Integers:
    rng = np.random.default_rng(seed)
    right = rng.random((members, len(label))) < skill
    return np.where(right, label, rng.integers(0, classes, right.shape))


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("sides", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize(
    ("classes", "skill", "examples"), [(2, 0.9, 60), (3, 0.8, 80), (10, 0.5, 100), (200, 0.4, 400)]
)
def test_a_side_that_is_off_by_one_is_named(
    step: int, sides: tuple[int, ...], classes: int, skill: float, examples: int
) -> None:
    label = np.arange(examples) % classes
    said = [answers(seed, label, classes=classes, skill=skill) + 1 for seed in (0, 1)]
    for side in sides:
        said[side] = said[side] + step
    names = " and ".join(("dense", "compressed")[side] for side in sides)
    after = "after" if step > 0 else "before"
    with pytest.raises(InputError, match=rf"^{names}: \d+ % of the answers are the class id {after} the right one"):
        from_arrays(said[0], said[1], label + 1)


def test_one_member_of_several_is_enough() -> None:
    label = np.arange(100) % 10
    said = answers(0, label, classes=10, skill=0.8, members=5)
    said[3] += 1
    with pytest.raises(InputError, match=r"^compressed: 8\d % of the answers .* such as \d+ for \d+"):
        from_arrays(answers(1, label, classes=10, skill=0.8), said, label)


def test_without_labels_the_sides_are_compared() -> None:
    said = answers(0, np.arange(100) % 10, classes=10, skill=0.9)
    with pytest.raises(InputError, match=r"^compressed: 100 % of the answers are the class id after that of dense"):
        from_arrays(said[0], said[0] + 1)
    from_arrays(said[0], said[1])


@pytest.mark.parametrize("members", [1, 3])
def test_files_are_named_and_an_example_of_the_ids_is_given(tmp_path: Path, members: int) -> None:
    one, other = (rows(seed, members=members, examples=60) for seed in (1, 2))
    other["prediction"] += 1
    paths = written(tmp_path / "a.csv", one), written(tmp_path / "b.csv", other)
    with pytest.raises(InputError, match=rf"^{paths[1]}: .* such as \d for \d: are class ids off by one\?$"):
        from_files(*paths)


def test_numbers_among_names(tmp_path: Path) -> None:
    one, other = (rows(seed, members=1, examples=60) for seed in (1, 2))
    one["prediction"] = np.where(one.index == 0, "no answer", one["prediction"].astype(str))
    other["prediction"] += 1
    with pytest.raises(InputError, match=r"b\.csv: .* class id after"):
        from_files(written(tmp_path / "a.csv", one), written(tmp_path / "b.csv", other))


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), classes=st.sampled_from([2, 3, 10, 100]), examples=st.integers(5, 150))
def test_models_at_chance_are_not_taken_for_it(seed: int, classes: int, examples: int) -> None:
    label = np.random.default_rng(seed).integers(0, classes, examples)
    dense, compressed = (answers(seed + one, label, classes=classes, skill=0.0) for one in (1, 2))
    from_arrays(dense, compressed, label, classes=classes)


ODD: dict[str, tuple[Any, Any]] = {  # labels, and what the model makes of them
    "the other of two classes": (np.arange(100) % 2, lambda label: 1 - label),
    "a step too low on a scale, whose lowest stays": (1 + np.arange(100) % 5, lambda label: np.maximum(label - 1, 1)),
    "always the class before a common one": (np.where(np.arange(100) < 95, 1, 0), np.zeros_like),
    "the classes in another order": (np.arange(100) % 10, lambda label: 9 - label),
    "most are right, the others one off": (
        np.arange(100) % 10, lambda label: np.where(np.arange(100) < 30, label + 1, label),
    ),
    "steps to both sides of a scale": (
        np.arange(100) % 50, lambda label: np.maximum(label + np.where(np.arange(100) % 5 < 3, 1, -1), 0),
    ),
    "one class": (np.full(100, 3), lambda label: label),
    "one example": (np.array([3]), lambda label: label + 1),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_models_that_are_bad_in_another_way_are_not_taken_for_it(case: str) -> None:
    label, made = ODD[case]
    from_arrays(label, made(label), label, classes=60)


@pytest.mark.parametrize(("shifted", "skill"), [(True, 0.8), (False, 0.8), (False, 0.0)])
def test_nodes(shifted: bool, skill: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    label = labels(rng, 100, 25)
    dense, half = (population(rng, label, members=3, classes=25, skill=skill) for _ in range(2))
    if shifted:
        half.prediction[:] = (half.prediction + 1) % 25
    for variant, made in (("dense", dense), ("half", half)):
        write_population("toy", variant, "0-2", made)
    write_examples("toy", dense, [f"c{place}" for place in range(25)])

    def read() -> None:
        files = {name: predictions("toy", name, ["0-2"]) for name in ("dense", "half")}
        from_nodes(
            study="toy", variant="half", examples=examples_path("toy"), dense=files["dense"], compressed=files["half"],
            root_seed=1, design="auto",
        )  # fmt: skip

    if shifted:
        with pytest.raises(InputError, match=r"^predictions of half: 8. % of the answers are the class id after"):
            read()
    else:
        read()


def test_a_frame_of_another_type_of_integers(tmp_path: Path) -> None:
    label = np.arange(80) % 8
    table = pd.DataFrame({"example_id": np.arange(80), "label": label, "prediction": label})
    dense = written(tmp_path / "a.parquet", table)
    compressed = written(tmp_path / "b.csv", table.assign(prediction=label + 1.0))
    with pytest.raises(InputError, match="100 % of the answers are the class id after the right one, such as 1 for 0"):
        from_files(dense, compressed)
