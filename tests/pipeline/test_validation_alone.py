"""A folder of test images of three classes, and two networks of others that know twelve: nothing is trained."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from lesion.errors import InputError
from lesion.models.small_cnn import Options, build
from lesion.params.validation import validate
from lesion.pipeline.steps import STATISTICS
from tests import places
from tests.conftest import step, study_figures, tiny, write_params
from tests.data.image_files import write_tree

CLASSES = ["zebra", "gnu", "bee", "yak", "cat", "ant", "dog", "emu", "cow", "pig", "hen", "owl"]
SIZE = {"resize": 16, "side": 8}
SIZE = {"resize": 16, "side": 8}
COUNTS = {"ant": 6, "bee": 5, "gnu": 7}
PRETRAINED, DERIVED, SHARD = ("dense", "other"), "int8-static", "0-3"

pytestmark = pytest.mark.xdist_group("validation-alone")  # one worker runs the study once


def params() -> dict[str, Any]:
    """The study: no training images, corruptions, no natural adversarial set, a budget."""
    made = tiny()
    study = made["studies"]["digits"]
    study |= {
        "data": {"name": "image-folder", "root": "photos", "test": ".", "classes": "classes.txt"} | SIZE,
        "model": {"name": "small-cnn", "widths": [8]},
        "adversarial": None,
        "calibration": "test",
        "robustness": {"corruptions": ["gaussian-noise"], "severities": [1]},
        "subgroups": [],
        "budget": {"version": 1, "all": {"loss": 50.0}, "every_class": {"loss": 90.0}},
    }  # fmt: skip
    study["evaluation"]["batch"] = 7
    made["variants"] = {
        **{name: {"method": "pretrained", "files": name + "-{member}.pt"} for name in PRETRAINED},
        DERIVED: {"method": DERIVED, "of": "dense", "calibration_images": 8},
        "gmp-50": made["variants"]["gmp-50"],
    }
    made["active"] |= {"trained": ["other"], "derived": [DERIVED], "shards": [SHARD]}
    return made


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which every node of the study has run; the current one."""
    folder = tmp_path_factory.mktemp("validation")
    write_tree(folder / "photos", COUNTS, side=16)
    (folder / "classes.txt").write_text("\n".join(CLASSES))
    for seed in range(8):
        torch.manual_seed(seed)
        network = build(Options(widths=[8]), channels=3, side=8, classes=len(CLASSES))
        torch.save(network.state_dict(), folder / f"{PRETRAINED[seed // 4]}-{seed % 4}.pt")
    write_params(folder, params())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        validate(params())
        for name in ("data", "adversarial"):
            step(name, study="digits")
        for variant in (*PRETRAINED, DERIVED):
            for name in ("compress" if variant == DERIVED else "train", "predict", "robustness"):
                step(name, study="digits", variant=variant, shard=SHARD)
        for variant in ("other", DERIVED):
            for name in STATISTICS:
                step(name, study="digits", variant=variant)
        for name in ("risk", "summary", "verdict", "gallery"):
            step(name, study="digits")
        for figure in study_figures(params()):
            step("figure", study="digits", figure=figure)
        yield folder


def test_tables_tell_of_the_classes_that_have_images_and_call_them_by_their_outputs(study: Path) -> None:
    rows = pd.read_csv(study / places.statistic("impact", "digits", "other"))
    assert dict(zip(rows["name"], rows["examples"], strict=True)) == {
        name: COUNTS[name] for name in ("gnu", "bee", "ant")
    }
    assert rows["class"].tolist() == [CLASSES.index(name) for name in rows["name"]]
    assert rows[["dense_recall", "compressed_recall", "p"]].notna().all(axis=None)


def test_answers_may_be_classes_without_images(study: Path) -> None:
    rows = pd.read_parquet(study / places.predictions("digits", "other", SHARD))
    assert len(rows) == 4 * sum(COUNTS.values())
    assert set(rows["label"]) == {CLASSES.index(name) for name in COUNTS}
    assert set(rows["prediction"]) - set(rows["label"])
    counted = pd.read_parquet(study / places.robustness("digits", "other", SHARD))
    assert counted.groupby("label")["total"].first().to_dict() == {CLASSES.index(name): COUNTS[name] for name in COUNTS}


def test_summary_figures_and_pages_are_made(study: Path) -> None:
    rows = pd.read_csv(study / places.place("summary", "digits")).set_index("variant")
    assert (rows.loc[["other", DERIVED], "classes"] == len(COUNTS)).all()
    for figure in study_figures(params()):
        assert (study / places.figure("digits", figure, "svg")).stat().st_size > 1000
    assert "data:image/png" in (study / places.place("gallery", "digits")).read_text()


def test_what_needs_training_images_says_so_in_a_line(study: Path) -> None:
    with pytest.raises(InputError, match=r"^params\.yaml: studies\.digits\.data: has no training examples"):
        step("train", study="digits", variant="gmp-50", shard=SHARD)
    changed = params()
    changed["studies"]["digits"]["calibration"] = "train"
    write_params(study, changed)
    try:
        with pytest.raises(
            InputError, match=r"8 images are asked for, there are 0 \(of the split that studies\.<study>\.cal"
        ):
            step("compress", study="digits", variant=DERIVED, shard=SHARD)
    finally:
        write_params(study, params())
