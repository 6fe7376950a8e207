"""What two files say together: pairs by name, clusters, and one file given twice."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.audit.comparison.from_files import from_files
from lesion.audit.estimator import Audit
from lesion.errors import InputError
from tests.audit.comparison.files.files import rows, written


def pair(folder: Path, one: Any, other: Any, suffix: str = ".csv") -> tuple[Path, Path]:
    return written(folder / f"a{suffix}", one), written(folder / f"b{suffix}", other)


def named_members(folder: Path, names: list[str], others: list[str]) -> tuple[Path, Path]:
    """Models of which only the partner in the other file gives the same answers."""
    label = np.arange(120) % 4
    said = np.array([np.roll(label, shift) for shift in range(len(names))])
    said[:, ::2] = label[::2]
    tables = [
        pd.DataFrame({"example_id": np.arange(120), "label": label, "prediction": row, "member": name})
        for row, name in zip(said, names, strict=True)
    ]
    one = pd.concat(tables)
    return pair(folder, one, one.assign(member=one["member"].map(dict(zip(names, others, strict=True)))))


NAMES, OTHERS = ["seed1", "seed10", "seed2"], ["seed1_int8", "seed10_int8", "seed2_int8"]


@pytest.mark.parametrize("others", [OTHERS, ["int8-1", "int8-10", "int8-2"], ["Seed1", "z/seed10", "seed2.pt"]])
def test_pairs_that_are_asked_for_are_matched_by_name(tmp_path: Path, others: list[str]) -> None:
    comparison = from_files(*named_members(tmp_path, NAMES, others), design="paired")
    assert comparison.paired
    assert comparison.dense.names == ("seed1", "seed2", "seed10")
    assert comparison.compressed.names == (others[0], others[2], others[1])
    np.testing.assert_array_equal(comparison.dense.prediction, comparison.compressed.prediction)


def test_all_that_is_known_of_members_goes_with_them(tmp_path: Path) -> None:
    table = rows(1, members=3)
    table["member"] = table["member"].map({0: "seed1", 2: "seed2", 4: "seed10"})
    other = table.assign(member=table["member"].map({"seed1": "c seed1", "seed2": "b seed2", "seed10": "a seed10"}))
    other["confidence"] = table["confidence"] = table["true_probability"].to_numpy()[::-1]
    comparison = from_files(*pair(tmp_path, table, other), design="paired")
    for name in ("prediction", "correct_top5", "true_probability", "confidence"):
        np.testing.assert_array_equal(getattr(comparison.dense, name), getattr(comparison.compressed, name))
    assert comparison.compressed.names == ("c seed1", "b seed2", "a seed10")


@pytest.mark.parametrize(
    ("names", "others", "said"),
    [
        (NAMES, ["x", "y", "z"], "members x, y, z do not tell by their names which of seed1, seed2, seed10 in"),
        (["0", "1", "2", "3", "4"], ["10", "11", "12", "13", "14"], "members 10, 11, 12, … do not tell"),
        (["0", "1", "2"], ["1", "2", "3"], "members 1, 2, 3 do not tell by their names which of 0, 1, 2 in"),
    ],
)
def test_pairs_that_names_do_not_tell_are_refused(
    tmp_path: Path, names: list[str], others: list[str], said: str
) -> None:
    paths = named_members(tmp_path, names, others)
    with pytest.raises(InputError, match=rf"^{paths[1]}: {said}") as caught:
        from_files(*paths, design="paired")
    assert "\n" not in str(caught.value)
    assert not from_files(*paths).paired


def test_members_without_names_are_pairs_in_order(tmp_path: Path) -> None:
    said = np.random.default_rng(0).integers(0, 3, (2, 3, 50))
    for name, array in zip("ab", said, strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    comparison = from_files(tmp_path / "a.npy", tmp_path / "b.npy", design="paired")
    np.testing.assert_array_equal([comparison.dense.prediction, comparison.compressed.prediction], said)
    assert comparison.dense.names is None


def test_names_that_tell_pairs_are_told_where_nothing_was_asked(tmp_path: Path) -> None:
    for names, others, said in (
        (NAMES, OTHERS, "their names tell pairs, such as seed10 and seed10_int8."),
        (NAMES, NAMES, "their names tell pairs, such as seed10 of both."),
        (NAMES, ["x", "y", "z"], "Where model k of both sides shares its seed"),
        (["0", "1", "2"], ["0", "1", "2"], "Where model k of both sides shares its seed"),
    ):
        one, other = named_members(tmp_path, names, others)
        one.write_text(one.read_text() + "\n")
        notes = Audit(splits=2, resamples=2).compare(from_files(one, other)).notes_
        assert [note for note in notes if "taken as independent" in note and said in note]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy"])
def test_one_file_given_twice(tmp_path: Path, suffix: str) -> None:
    one, copy, link = (tmp_path / f"{name}{suffix}" for name in ("a", "b", "c"))
    if suffix == ".npy":
        np.save(one, np.arange(9) % 3)
    else:
        written(one, rows(1))
    copy.write_bytes(one.read_bytes())
    link.symlink_to(one)
    for other in (one, link):
        with pytest.raises(InputError, match=rf"^{other}: is the same file as {one}"):
            from_files(one, other)
    assert "the same" in Audit(splits=2, resamples=2).compare(from_files(one, copy)).notes_[0]


def cell(value: Any) -> str:
    return str(int(value) if isinstance(value, float) else value)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("values", [["p1", "p1", "p2", "A"], [7, 7, -3, 2**40], [1.0, 1.0, 2.0, 0.0]])
@pytest.mark.parametrize("sides", [(0,), (1,), (0, 1)])
def test_clusters_of_one_file_or_both(tmp_path: Path, values: list[Any], sides: tuple[int, ...], suffix: str) -> None:
    tables = [rows(seed, examples=8) for seed in (1, 2)]
    for side in sides:
        place = np.searchsorted(np.unique(tables[side]["example_id"]), tables[side]["example_id"])
        tables[side]["cluster"] = np.array(values * 2, dtype=object if isinstance(values[0], str) else None)[place]
    found = from_files(*pair(tmp_path, tables[0], tables[1], suffix)).cluster
    assert found is not None
    assert found.tolist() == np.unique([cell(value) for value in values * 2], return_inverse=True)[1].tolist()
    assert "cluster" not in from_files(*pair(tmp_path, tables[0], tables[1], suffix)).groups


def test_more_clusters_than_groups_may_have_values(tmp_path: Path) -> None:
    tables = [rows(seed, members=2, examples=700) for seed in (1, 2)]
    tables[0]["cluster"] = tables[0]["example_id"].map(lambda example: f"c{example // 2}")
    found = from_files(*pair(tmp_path, *tables))
    ids = np.unique(tables[0]["example_id"])
    np.testing.assert_array_equal(found.cluster, np.unique((ids // 2).astype(str), return_inverse=True)[1])
    assert found.left_out == ()


HOSTILE: dict[str, tuple[Any, str]] = {
    "other clusters": (
        lambda t: t.assign(cluster=(t["example_id"] > 30).astype(int) + 1),
        r"b\.csv: column cluster differs from .*a\.csv for 20 of 20 examples, e\.g\. 5 \(1 and 0\)",
    ),
    "two clusters of an example": (
        lambda t: t.assign(cluster=t["member"]), r"b\.csv: column cluster is both 0 and 2 for example",
    ),
    "a missing cluster": (
        lambda t: t.assign(cluster=t["cluster"].where(t["example_id"] != 8)),
        r"b\.csv: column cluster is empty for example 8",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_clusters_that_do_not_fit(tmp_path: Path, case: str) -> None:
    spoil, said = HOSTILE[case]
    one, other = (table.assign(cluster=(table["example_id"] > 30).astype(int)) for table in (rows(1), rows(2)))
    with pytest.raises(InputError, match=said) as caught:
        from_files(*pair(tmp_path, one, spoil(other)))
    assert "\n" not in str(caught.value)
