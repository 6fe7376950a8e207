"""Logs that lm-evaluation-harness wrote (`make_logs`), as they are and as other releases write them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special

from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.files.read import read_predictions
from lesion.audit.comparison.from_files import from_files, from_predictions
from lesion.audit.estimator import Audit
from lesion.errors import InputError

LOGS = Path(__file__).parent / "logs"
RESULTS: Any = json.loads((LOGS / "results.json").read_text())
MODELS = ("fp16", "int4")

Line = dict[str, Any]


def log(model: str, task: str, folder: Path = LOGS) -> Path:
    [path] = (folder / model).glob(f"samples_{task}_*.jsonl")
    return path


def lines(model: str, task: str) -> list[Line]:
    return [json.loads(line) for line in log(model, task).read_text().splitlines()]


def written(path: Path, made: list[Line]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in made))
    return path


def changed(path: Path, model: str, task: str, change: Callable[[Line], object]) -> Path:
    """The log with a change to each of its lines."""
    made = lines(model, task)
    for line in made:
        change(line)
    return written(path, made)


def accuracy(read: Predictions) -> float:
    return float((read.population.correct if read.correct is None else read.correct).mean())


def labels(read: Predictions) -> dict[str, int]:
    """The label of each document, by its id."""
    assert read.called is not None
    ids = [name.rpartition("/")[2] for name in read.called]
    return dict(zip(ids, read.population.known_label.tolist(), strict=True))


def said(read: Predictions) -> str:
    assert read.source is not None
    return read.source.read_as


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("task", ["mini_reading", "mini_boolean"])
def test_the_score_of_choices_is_that_of_the_harness(model: str, task: str) -> None:
    read = read_predictions(log(model, task))
    assert accuracy(read) == pytest.approx(RESULTS[model][task]["acc,none"])
    by_id = {f"{task}/{line['doc_id']}": line for line in lines(model, task)}
    made = read.population
    assert read.called is not None
    assert read.class_names is not None
    assert made.confidence is not None
    assert made.true_probability is not None
    for place, name in enumerate(read.called):
        line = by_id[name]
        given = [float(score) for score, _ in line["filtered_resps"]]
        probability = scipy.special.softmax(given)
        assert bool(line["acc"]) == bool(made.correct[0, place])
        assert made.confidence[0, place] == pytest.approx(max(probability), rel=1e-5)
        if line["acc"]:
            assert made.true_probability[0, place] == made.confidence[0, place]
    assert read.class_names == (("no", "yes") if task == "mini_boolean" else ("A", "B", "C", "D"))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("filter", ["strict-match", "flexible-extract"])
def test_the_score_of_text_is_that_of_the_harness_by_filter(model: str, filter: str) -> None:
    read = read_predictions(log(model, "mini_sums"), filter=filter)
    assert accuracy(read) == pytest.approx(RESULTS[model]["mini_sums"][f"exact_match,{filter}"])
    assert said(read).endswith(f"answers graded by exact_match; filter {filter}")
    by_id = {f"mini_sums/{line['doc_id']}": line for line in lines(model, "mini_sums") if line["filter"] == filter}
    assert read.called is not None
    for name, answer in zip(
        read.called, read.population.prediction[0], strict=True
    ):  # whole numbers stand for themselves
        text = str(answer) if read.class_names is None else read.class_names[answer]
        assert by_id[name]["filtered_resps"] == [text]


def test_filters_and_metrics_are_chosen_from_those_that_there_are(tmp_path: Path) -> None:
    path = log("fp16", "mini_sums")
    with pytest.raises(InputError, match=r"has the filters flexible-extract, strict-match; choose one with --filter"):
        read_predictions(path)
    with pytest.raises(InputError, match="has the filters flexible-extract, strict-match; choose one with --filter"):
        read_predictions(path, filter="strict")
    with pytest.raises(InputError, match="no task has the filter strict; there is none"):
        read_predictions(log("fp16", "mini_reading"), filter="strict")
    with pytest.raises(InputError, match="no task has the metric bleu; there is acc, acc_norm"):
        read_predictions(log("fp16", "mini_reading"), metric="bleu")
    reading = read_predictions(log("fp16", "mini_reading"), metric="acc_norm")
    assert accuracy(reading) == pytest.approx(RESULTS["fp16"]["mini_reading"]["acc_norm,none"])
    assert not reading.answered
    two = changed(tmp_path / "a.jsonl", "fp16", "mini_sums", lambda line: line.update(quasi=1 - line["exact_match"]))
    with pytest.raises(
        InputError, match="metrics exact_match, quasi say other things of what is right; choose one with"
    ):
        read_predictions(two, filter="strict-match")
    graded = read_predictions(two, filter="strict-match", metric="quasi")
    assert accuracy(graded) == pytest.approx(1 - RESULTS["fp16"]["mini_sums"]["exact_match,strict-match"])


def test_a_folder_of_tasks_has_groups_and_clusters(tmp_path: Path) -> None:
    for model in MODELS:
        (tmp_path / model).mkdir()
        for task in ("mini_reading", "mini_boolean"):
            shutil.copy(log(model, task), tmp_path / model)
    comparison = from_files(tmp_path / "fp16", tmp_path / "int4")
    assert not comparison.graded
    assert comparison.classes.tolist() == ["A", "B", "C", "D"]  # no and yes are choices of one task alone
    assert sorted(comparison.groups) == ["subject", "task"]
    assert np.unique(comparison.groups["task"], return_counts=True)[1].tolist() == [24, 24]
    assert comparison.cluster is not None
    assert np.unique(comparison.cluster, return_counts=True)[1].tolist() == [6] * 8
    for side, model in zip((comparison.dense, comparison.compressed), MODELS, strict=True):
        for task in ("mini_reading", "mini_boolean"):
            here = comparison.groups["task"] == task
            assert side.correct[0, here].mean() == pytest.approx(RESULTS[model][task]["acc,none"])
    assert {"mini_boolean/0", "mini_reading/23"} <= set(comparison.example_id)
    assert comparison.text is not None
    first = comparison.text[comparison.example_id.tolist().index("mini_reading/0")]
    assert first == "What is 2 plus 1?\nA. 3\nB. 4\nC. 5"


def test_choices_beside_text_are_graded(tmp_path: Path) -> None:
    comparison = from_predictions(*(read_predictions(LOGS / model, filter="strict-match") for model in MODELS))
    assert comparison.graded
    for side, model in zip((comparison.dense, comparison.compressed), MODELS, strict=True):
        for task, key in (("mini_reading", "acc,none"), ("mini_sums", "exact_match,strict-match")):
            here = comparison.groups["task"] == task
            assert side.correct[0, here].mean() == pytest.approx(RESULTS[model][task][key])
    audit = Audit().compare(comparison)
    assert set(audit.flips_["attribute"]) == {"all", "task", "subject"}
    one = from_predictions(*(read_predictions(LOGS / model, task=["mini_boolean"]) for model in MODELS))
    assert one.classes.tolist() == ["no", "yes"]
    with pytest.raises(InputError, match="has no log of the task arc; it has mini_boolean, mini_reading, mini_sums"):
        read_predictions(LOGS / "fp16", task=["arc"])


def test_a_folder_of_several_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds logs of several models \(fp16, int4\); the folder of one expected"):
        read_predictions(LOGS)
    shutil.copytree(LOGS / "fp16", tmp_path / "fp16")
    assert "3 tasks" not in said(read_predictions(tmp_path, filter="strict-match"))


def test_the_newest_log_of_a_task_is_read_and_told(tmp_path: Path) -> None:
    old = changed(
        tmp_path / "samples_mini_reading_2020-01-01T00-00-00.000001.jsonl", "fp16", "mini_reading",
        lambda line: line.update(filtered_resps=[["0", "False"], *[["-1", "False"]] * 2]),
    )  # fmt: skip
    new = shutil.copy(log("fp16", "mini_reading"), tmp_path)
    read = read_predictions(tmp_path)
    assert accuracy(read) == pytest.approx(RESULTS["fp16"]["mini_reading"]["acc,none"])
    assert "1 older logs of the same tasks passed over" in said(read)
    assert f"mini_reading of {Path(new).stem.rpartition('_')[2]}" in said(read)
    assert old.exists()


def test_a_log_that_was_appended_to(tmp_path: Path) -> None:
    made = lines("fp16", "mini_reading")
    twice = read_predictions(written(tmp_path / "samples_a.jsonl", made + made))
    assert len(twice.population.example_id) == 24
    other = json.loads(json.dumps(made))
    other[3]["filtered_resps"][0][0] = "-0.001"
    with pytest.raises(InputError, match="document 3 is there twice, with another answer in line 28: two runs in one"):
        read_predictions(written(tmp_path / "samples_a.jsonl", made + other))


def _numbers(line: Line) -> None:
    line["filtered_resps"] = [[float(score), greedy == "True"] for score, greedy in line["filtered_resps"]]


def _nested(line: Line) -> None:
    line["filtered_resps"] = [[pair] for pair in line["filtered_resps"]]


def _alone(line: Line) -> None:
    line["filtered_resps"] = [float(score) for score, _ in line["filtered_resps"]]


def _without_hashes(line: Line) -> None:
    for key in ("doc_hash", "prompt_hash", "target_hash", "metrics", "filter"):
        del line[key]


def _number_target(line: Line) -> None:
    line["target"] = int(line["target"])


def _list_arguments(line: Line) -> None:
    line["arguments"] = [list(each.values()) for each in line["arguments"].values()]


def _whole_metrics(line: Line) -> None:
    line |= {"acc": bool(line["acc"]), "acc_norm": int(line["acc_norm"])}


CHANGES = [_numbers, _nested, _alone, _without_hashes, _number_target, _list_arguments, _whole_metrics]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("side", [0, 1])
def test_a_change_of_type_on_either_side_changes_nothing(
    tmp_path: Path, side: int, change: Callable[[Line], object]
) -> None:
    plain = [log(model, "mini_reading") for model in MODELS]
    renamed = changed(tmp_path / plain[side].name, MODELS[side], "mini_reading", change)
    mixed = [renamed if place == side else path for place, path in enumerate(plain)]
    expected, found = from_files(*plain), from_files(*mixed)
    for name in ("dense", "compressed"):
        one, other = getattr(expected, name), getattr(found, name)
        np.testing.assert_array_equal(one.prediction, other.prediction)
        np.testing.assert_array_equal(one.label, other.label)
        np.testing.assert_allclose(one.confidence, other.confidence, rtol=1e-6)
    assert expected.example_id.tolist() == found.example_id.tolist()


@pytest.mark.parametrize("kind", ["text", "letter"])
def test_targets_may_be_the_text_or_the_letter_of_a_choice(tmp_path: Path, kind: str) -> None:
    def change(line: Line) -> None:
        place = int(line["target"])
        line["target"] = line["doc"]["choices"][place] if kind == "text" else "ABCD"[place]
        del line["target_hash"]

    read = read_predictions(changed(tmp_path / "samples_a.jsonl", "int4", "mini_reading", change))
    assert accuracy(read) == pytest.approx(RESULTS["int4"]["mini_reading"]["acc,none"])
    assert read.correct is None


def test_targets_that_no_choice_is_are_graded_by_acc(tmp_path: Path) -> None:
    path = changed(tmp_path / "samples_a.jsonl", "int4", "mini_reading", lambda line: line.update(target="[0, 1]"))
    read = read_predictions(path)
    assert read.correct is not None
    assert accuracy(read) == pytest.approx(RESULTS["int4"]["mini_reading"]["acc,none"])


def test_two_choices_need_no_target_where_acc_is_known(tmp_path: Path) -> None:
    path = changed(tmp_path / "samples_a.jsonl", "int4", "mini_boolean", lambda line: line.update(target="?"))
    expected, found = (labels(read_predictions(each)) for each in (log("int4", "mini_boolean"), path))
    assert found == expected


def test_other_documents_are_counted(tmp_path: Path) -> None:
    few = written(tmp_path / log("int4", "mini_reading").name, lines("int4", "mini_reading")[:20])
    with pytest.raises(InputError, match=r"lacks 4 of the 24 examples of .*, e\.g\. mini_reading/2[0-3]; the same"):
        from_files(log("fp16", "mini_reading"), few)


def test_documents_are_joined_by_their_hashes_not_by_their_places(tmp_path: Path) -> None:
    made = lines("int4", "mini_reading")[::-1]
    for place, line in enumerate(made):
        line["doc_id"] = place
    moved = written(tmp_path / log("int4", "mini_reading").name, made)
    one = from_files(log("fp16", "mini_reading"), log("int4", "mini_reading"))
    other = from_files(log("fp16", "mini_reading"), moved)
    np.testing.assert_array_equal(one.compressed.prediction, other.compressed.prediction)
    assert str(other.example_id[0]).startswith("mini_reading/")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda line: line.pop("target"), "line 1 has no key target, which each line of lm-evaluation-harness has"),
        (lambda line: line["filtered_resps"].__setitem__(0, "x"), "resps of line 1: . of . are log probabilities"),
        (lambda line: line["filtered_resps"].__setitem__(0, ["nan", "False"]), "line 1: a log probability is NaN"),
        (lambda line: line.update(filtered_resps=["-3.2"], acc=0.3, acc_norm=None), "no metric of .* is 0 or 1 for"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_in_a_line(tmp_path: Path, change: Callable[[Line], object], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_predictions(changed(tmp_path / "samples_a.jsonl", "fp16", "mini_reading", change))
    assert "\n" not in str(caught.value)


def test_a_single_continuation_is_graded_without_a_text(tmp_path: Path) -> None:
    def change(line: Line) -> None:
        line["filtered_resps"] = line["filtered_resps"][:1]
        line["doc"]["category"] = "words"
        del line["doc"]["subject"]

    read = read_predictions(changed(tmp_path / "samples_a.jsonl", "fp16", "mini_reading", change), metric="acc")
    assert read.correct is not None
    assert not read.answered
    assert accuracy(read) == pytest.approx(RESULTS["fp16"]["mini_reading"]["acc,none"])
    assert set(read.attributes["subject"]) == {"words"}


def test_numbers_that_a_model_wrote_are_no_log_probabilities(tmp_path: Path) -> None:
    path = changed(
        tmp_path / "samples_a.jsonl", "fp16", "mini_reading", lambda line: line.update(filtered_resps=["3", "4"])
    )
    read = read_predictions(path, metric="acc")
    assert read.answered
    assert read.class_names == ("3\n4",)


def test_a_log_that_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "samples_a.jsonl").write_text(log("fp16", "mini_reading").read_text()[:-700])
    with pytest.raises(InputError, match=r"line 24 is not JSON \(.*\); is the file cut off\?"):
        read_predictions(tmp_path / "samples_a.jsonl")


@pytest.mark.skipif(find_spec("lm_eval") is None, reason="lm-evaluation-harness is not installed")
def test_the_package_writes_what_is_read_here(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[5])}
    command = [sys.executable, "-m", "tests.audit.comparison.files.benchmarks.make_logs", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=tmp_path)
    results: Any = json.loads((tmp_path / "results.json").read_text())
    for model in MODELS:
        read = read_predictions(log(model, "mini_reading", tmp_path))
        kept = read_predictions(log(model, "mini_reading"))
        assert accuracy(read) == pytest.approx(results[model]["mini_reading"]["acc,none"])
        assert read.example_names == kept.example_names
        np.testing.assert_array_equal(read.population.prediction, kept.population.prediction)
        text = read_predictions(log(model, "mini_sums", tmp_path), filter="flexible-extract")
        assert accuracy(text) == pytest.approx(results[model]["mini_sums"]["exact_match,flexible-extract"])
