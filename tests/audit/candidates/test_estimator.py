from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lesion
from lesion import Audit, Candidates, InputError
from lesion.audit.candidates import files
from lesion.audit.comparison.files.contract import Reading
from tests.audit.comparison.files.files import named, rows, written

OPTIONS: dict[str, Any] = {"splits": 4, "resamples": 4}


def answers(seed: int, *, members: int = 1, examples: int = 200) -> tuple[Any, dict[str, Any], Any]:
    """Dense answers, those of two candidates, and labels."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, examples)

    def said(skill: float) -> Any:
        right = rng.random((members, examples)) < skill
        return np.where(right, label, (label + 1) % 3)

    return said(0.9), {"int8": said(0.88), "int4": said(0.7)}, label


@pytest.mark.parametrize("members", [1, 4])
def test_each_is_audited_as_if_it_were_alone(members: int) -> None:
    dense, compressed, label = answers(1, members=members)
    confidence = np.random.default_rng(2).random((3, *dense.shape), dtype=np.float32)
    sure = dict(zip(compressed, confidence[1:], strict=True))
    found = Candidates(**OPTIONS).fit(dense, compressed, label, confidence=(confidence[0], sure)).audited_
    assert [candidate.name for candidate in found.all] == ["int8", "int4"]
    for candidate in found.all:
        pair = confidence[0], sure[candidate.name]
        alone = Audit(**OPTIONS).fit(dense, compressed[candidate.name], label, confidence=pair)
        pd.testing.assert_frame_equal(candidate.audited.summary, alone.audited_.summary)
        for name, table in alone.tables_.items():
            pd.testing.assert_frame_equal(candidate.audited.tables[name], table)


def test_the_dense_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [named(rows(seed, members=1, examples=60, skill=0.8)) for seed in range(3)]
    paths = [written(tmp_path / f"{name}.csv", table) for name, table in zip("abc", tables, strict=True)]
    read: list[Path] = []

    def counted(path: Path, _: Reading) -> Any:
        read.append(path)
        return lesion.read_predictions(path)

    monkeypatch.setattr(files, "read", counted)
    found = Candidates(**OPTIONS).fit_files(paths[0], {"b": paths[1], "c": paths[2]}).audited_
    assert read == paths
    predictions = [lesion.read_predictions(path) for path in paths]
    again = Candidates(**OPTIONS).fit(predictions[0], {"b": predictions[1], "c": predictions[2]}).audited_
    for one, other in zip(found.all, again.all, strict=True):
        pd.testing.assert_frame_equal(one.audited.summary, other.audited.summary)


def test_what_cannot_be_is_told() -> None:
    dense, compressed, label = answers(3)
    with pytest.raises(InputError, match="one at least"):
        Candidates().fit(dense, {}, label)
    with pytest.raises(InputError, match="one name"):
        Candidates().fit(dense, {"a": dense, "A": dense}, label)
    with pytest.raises(InputError, match="alpha"):
        Candidates(alpha=2).fit(dense, compressed, label)
    with pytest.raises(TypeError):
        Candidates(alhpa=0.1)


def test_the_dense_file_is_no_candidate(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", named(rows(1, members=1, examples=60)))
    with pytest.raises(InputError, match="same file"):
        Candidates(**OPTIONS).fit_files(path, {"b": path})
