"""Details that lighteval wrote (`make_details`), and those of its older releases."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.files.read import read_predictions
from lesion.audit.comparison.from_files import from_files
from lesion.errors import InputError

DETAILS = Path(__file__).parent / "details"
DATE = "2026-11-26T00-47-43.130299"
NAMES = {
    "reading": f"details_custom|reading:sums|0_{DATE}.parquet",
    "sums": f"details_custom|mini_sums|0_{DATE}.parquet",
}
METRICS = {"reading": "acc", "sums": "em"}


def placed(folder: Path, model: str, *tasks: str) -> Path:
    """The output folder of a run, laid out as lighteval does."""
    inside = folder / "details" / model / DATE
    inside.mkdir(parents=True)
    for task in tasks or NAMES:
        shutil.copy(DETAILS / model / f"{task}.parquet", inside / NAMES[task])
    return folder


def kept(model: str, task: str) -> list[dict[str, Any]]:
    return list(pq.read_table(DETAILS / model / f"{task}.parquet").to_pylist())


def score(model: str, task: str) -> float:
    marks = [row["metric"][METRICS[task]] for row in kept(model, task)]
    return float(sum(marks) / len(marks))


def accuracy(read: Predictions) -> float:
    return float((read.population.correct if read.correct is None else read.correct).mean())


@pytest.mark.parametrize("model", ["fp16", "int4"])
@pytest.mark.parametrize("task", ["reading", "sums"])
def test_the_score_is_that_of_lighteval(tmp_path: Path, model: str, task: str) -> None:
    folder = placed(tmp_path, model, task)
    for path in (folder, folder / "details" / model / DATE / NAMES[task]):
        read = read_predictions(path)
        assert accuracy(read) == pytest.approx(score(model, task))
        assert (read.correct is None) == (task == "reading")
        assert read.source is not None
        assert read.source.read_as.startswith(
            f"log of lighteval: custom|{'reading:sums' if task == 'reading' else 'mini_'}"
        )


def test_tasks_and_subjects_are_groups(tmp_path: Path) -> None:
    paths = [placed(tmp_path / model, model) for model in ("fp16", "int4")]
    comparison = from_files(*paths)
    assert comparison.graded
    assert set(comparison.groups["task"]) == {"custom|reading:sums|0", "custom|mini_sums|0"}
    assert set(comparison.groups["subject"]) == {"sums", "(missing)"}
    here = comparison.groups["task"] == "custom|mini_sums|0"
    assert comparison.compressed.correct[0, here].mean() == pytest.approx(score("int4", "sums"))


def old(folder: Path, model: str, task: str, *, as_text: bool) -> Path:
    """The same rows in the columns of releases before 0.10, built by their documentation."""
    rows = []
    for row in kept(model, task):
        said, doc = row["model_response"], row["doc"]
        predictions: Any = said["text"] or [[score, False] for score in said["logprobs"]]
        if as_text and not said["text"]:
            predictions = [tuple(each) for each in predictions]
        made = {
            "choices": doc["choices"],
            "gold_index": [doc["gold_index"]],
            "metrics": row["metric"],
            "predictions": predictions if as_text or said["text"] else [score for score, _ in predictions],
        }
        rows.append({"example": doc["query"]} | {key: str(each) if as_text else each for key, each in made.items()})
    path = folder / NAMES[task]
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.mark.parametrize("task", ["reading", "sums"])
@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("side", [0, 1])
def test_old_details_are_the_same_on_either_side(tmp_path: Path, task: str, as_text: bool, side: int) -> None:
    for number, model in enumerate(("fp16", "int4")):
        (tmp_path / model).mkdir()
        if number == side:
            old(tmp_path / model, model, task, as_text=as_text)
        else:
            shutil.copy(DETAILS / model / f"{task}.parquet", tmp_path / model / NAMES[task])
    comparison = from_files(tmp_path / "fp16", tmp_path / "int4")
    assert comparison.graded == (task == "sums")
    assert comparison.dense.correct.mean() == pytest.approx(score("fp16", task))
    assert comparison.compressed.correct.mean() == pytest.approx(score("int4", task))


def test_a_metric_of_other_scores_than_log_probabilities_grades_them(tmp_path: Path) -> None:
    rows = kept("fp16", "reading")
    for row in rows:
        row["metric"] = {"acc_norm": 1 - row["metric"]["acc"]}
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / NAMES["reading"])
    read = read_predictions(tmp_path)
    assert read.correct is not None
    assert not read.answered
    assert accuracy(read) == pytest.approx(1 - score("fp16", "reading"))


def test_a_table_that_is_called_so_is_read_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "details_a.parquet"
    pq.write_table(pa.table({"example_id": [1, 2], "prediction": [0, 1]}), path)
    assert read_predictions(path).population.prediction.tolist() == [[0, 1]]
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"details_a\.parquet: cannot be read"):
        read_predictions(path)
