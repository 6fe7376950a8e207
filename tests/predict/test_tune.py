"""The search over options: deterministic, on the training split alone, with the same budget and seeds for all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from lesion.models.inputs import read_inputs
from lesion.params.document import read_yaml
from lesion.params.recipe import Evaluation, Recipe
from lesion.params.tuning import Tuning
from lesion.params.validation import validate
from lesion.predict import tune as module
from lesion.predict.tune import Trial, tune
from tests import places
from tests.conftest import step, tiny, write_params

Main = Callable[..., tuple[int, list[str]]]
TUNING = {
    "trials": 3, "members": 2, "held_out": 0.3,
    "methods": {"gmp": [{"option": "schedule.end", "values": [0.25, 0.5, 0.75]}]},
}  # fmt: skip


@pytest.fixture
def folder(tiny_folder: Path) -> Path:
    """Enter a folder with params.yaml and the data of the tiny study, and nothing that was trained."""
    write_params(tiny_folder, tiny(epochs=1) | {"tuning": TUNING})
    step("data", study="digits")
    return tiny_folder


def search(**changed: Any) -> list[Trial]:
    data = read_yaml()
    study = data["studies"]["digits"]
    given: dict[str, Any] = {
        "study": "digits", "variant": "gmp-50", "examples": places.examples("digits"),
        "images": places.images("digits"), "root_seed": 1, "model": study["model"],
        "compression": data["variants"]["gmp-50"], "recipe": Recipe.model_validate(study["recipe"]),
        "evaluation": Evaluation.model_validate(study["evaluation"]), "tuning": Tuning.model_validate(TUNING),
    }  # fmt: skip
    return tune(**given | changed)


def test_the_same_search_gives_the_same_and_it_reads_the_training_split_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits: list[str] = []

    def watched(model: dict[str, Any], examples: Path, images: Path, split: str) -> Any:
        splits.append(split)
        return read_inputs(model, examples, images, split)

    monkeypatch.setattr(module, "read_inputs", watched)
    one, other = search(), search()
    assert splits == ["train", "train"]
    assert [trial.settings for trial in one] == [trial.settings for trial in other]
    assert all(np.array_equal(first.right, second.right) for first, second in zip(one, other, strict=True))
    assert all(trial.right.shape == (2,) for trial in one)


def test_members_are_judged_by_examples_that_they_were_not_trained_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[set[int], set[int], Any]] = []

    def train_member(model: Any, entry: Any, split: Any, *, seeds: Any, **_: Any) -> tuple[Any, float]:
        seen.append((set(split.example_id.tolist()), set(), seeds))
        return None, 0.0

    def accuracy(network: Any, split: Any, evaluation: Any) -> float:
        seen[-1][1].update(split.example_id.tolist())
        return 0.5

    monkeypatch.setattr(module, "train_member", train_member)
    monkeypatch.setattr(module, "accuracy", accuracy)
    table = pd.read_parquet(places.examples("digits"))
    training = set(table.loc[table["split"] == "train", "example_id"].tolist())
    search()
    assert len(seen) == 6
    for fitted, held, _ in seen:
        assert fitted | held == training
        assert not fitted & held
        assert len(held) == pytest.approx(0.3 * len(training), abs=10)
    assert seen[0] == seen[2] == seen[4]  # the same for all trials
    assert seen[0][1] != seen[1][1]  # others for each member
    assert seen[0][2] != seen[1][2]


def test_the_command_writes_all_trials_and_the_winning_entry(folder: Path, main: Main) -> None:
    code, lines = main("tune", "--study", "digits", "--variant", "gmp-50")
    assert code == 0, lines
    table = pd.read_csv("results/digits/tuning/gmp-50.csv")
    assert len(table) == 3
    assert table["schedule.end"].tolist()[0] == 0.25  # the catalogue's own first
    assert ((table["low"] <= table["accuracy"]) & (table["accuracy"] <= table["high"])).all()
    entry = yaml.safe_load(Path("results/digits/tuning/gmp-50.yaml").read_text())
    best = table["schedule.end"][table["accuracy"].idxmax()]
    expected = tiny()["variants"]["gmp-50"]
    assert entry == {"gmp-tuned-50": expected | {"schedule": expected["schedule"] | {"end": best}}}
    data = read_yaml()
    data["variants"] |= entry
    validate(data)


@pytest.mark.parametrize(
    ("variant", "line"),
    [
        (
            "int8-static",
            "params.yaml: tuning.methods: int8-static is not there, so that int8-static has nothing to tune",
        ),
        ("gmp-51", "params.yaml: there is no variants.gmp-51 (the nearest is gmp-50)"),
    ],
)
def test_what_cannot_be_tuned_is_one_line(variant: str, line: str, folder: Path, main: Main) -> None:
    assert main("tune", "--study", "digits", "--variant", variant) == (2, [f"lesion: {line}"])


def test_a_derived_variant_and_a_wrong_value_are_refused(folder: Path, main: Main) -> None:
    params = tiny() | {"tuning": TUNING | {"methods": {
        "int8-static": [{"option": "calibration_images", "values": [128]}],
        "gmp": [{"option": "schedule.end", "values": [0.1]}],
    }}}  # fmt: skip
    write_params(folder, params)
    code, [line] = main("tune", "--study", "digits", "--variant", "int8-static")
    assert (code, line) == (
        2,
        "lesion: params.yaml: variants.int8-static: is not trained here; only variants that are can be tuned",
    )
    code, [line] = main("tune", "--study", "digits", "--variant", "gmp-50")
    assert code == 2
    assert "end must come after begin" in line
    assert not Path("results/digits/tuning").exists()
