"""The whole study, node by node, on photographs in ImageNet's layout: files, ImageNet-C made, ImageNet-A by hand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lesion.artifacts.tables import read_facts
from lesion.params.validation import validate
from lesion.pipeline.steps import STATISTICS
from tests import places
from tests.conftest import step, study_figures, tiny, write_params
from tests.data.photographs import tiles

WNIDS = [
    "n01440764", "n01443537", "n01484850", "n01491361", "n01494475", "n01496331", "n01498041", "n01514668",
]  # fmt: skip
CLASSES = len(WNIDS)
SHARD = "0-3"  # the null wants four dense members
CORRUPTIONS = ["gaussian-noise", "elastic-transform"]

pytestmark = pytest.mark.xdist_group("imagenet")  # one worker runs the study once


def sample() -> Iterator[tuple[str, Image.Image]]:
    """ImageNet's first wnids, each with a part of a photograph that scikit-learn ships."""
    return zip(WNIDS, tiles(2, 2), strict=True)


def write_folders(root: Path) -> None:
    """Each image twice for training, cut differently, and twice for validation; other cuts are ImageNet-A's."""
    for place, (wnid, image) in enumerate(sample()):
        width, height = image.size
        cuts = {f"train/{wnid}/{wnid}_{i}.JPEG": (4 * i, 3 * i, width - 2 * i, height) for i in range(2)}
        cuts |= {f"val/{wnid}/ILSVRC2012_val_{i}{place:04}.JPEG": (i, 0, width, height - 5 * i) for i in range(2)}
        if place < 3:
            cuts |= {f"a/{wnid}/0.1_{i}.jpg": (30 * i, 10, width, height) for i in range(3)}
        for name, box in cuts.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            image.crop(box).save(path, quality=92)


def params() -> dict[str, Any]:
    """The study `imagenet` of params.yaml, with a small network and a few steps."""
    made = tiny()
    study = made["studies"]["imagenet"]
    study["data"]["root"], study["adversarial"]["root"] = "$IMAGENET", "$IMAGENET/a"
    study["model"]["architecture"] = "mobilenet_v3_small"
    study["recipe"] |= {"epochs": 1.0, "batch": 8, "micro_batch": 4, "rate": 0.05, "warmup": 1.0, "workers": 2}
    study["evaluation"] |= {"batch": 5, "workers": 2}
    study["robustness"] = {"corruptions": CORRUPTIONS, "severities": [3]}
    made["active"] |= {"studies": ["imagenet"], "shards": [SHARD]}
    made["variants"]["int8-static"]["calibration_images"] = 8
    made["variants"]["gmp-50"]["schedule"] |= {"begin": 0.0, "end": 0.5, "every": 0.25}
    return made


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which every node of the study has run."""
    folder = tmp_path_factory.mktemp("imagenet")
    write_folders(folder / "images")
    write_params(folder, params())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("IMAGENET", str(folder / "images"))
        validate(params())
        step("data", study="imagenet")
        step("adversarial", study="imagenet")
        for variant in ("dense", "gmp-50", "int8-static"):
            made = "compress" if variant == "int8-static" else "train"
            for name in (made, "predict", "robustness"):
                step(name, study="imagenet", variant=variant, shard=SHARD)
        for variant in ("gmp-50", "int8-static"):
            for name in STATISTICS:
                step(name, study="imagenet", variant=variant)
        step("summary", study="imagenet")
        for figure in study_figures(params()):
            step("figure", study="imagenet", figure=figure)
        step("gallery", study="imagenet")
        yield folder


def test_files_are_indexed_and_not_copied(study: Path) -> None:
    examples = pd.read_parquet(study / places.examples("imagenet"))
    assert examples["split"].value_counts().to_dict() == {"train": 2 * CLASSES, "test": 2 * CLASSES}
    assert all((study / "images" / source).is_file() for source in examples["source"])
    assert str(study) not in json.dumps(read_facts(study / places.examples("imagenet")))
    assert (study / places.images("imagenet")).stat().st_size < 2000


def test_class_names_are_for_people_in_every_table(study: Path) -> None:
    facts = read_facts(study / places.examples("imagenet"))
    assert facts["class_ids"] == sorted(facts["class_ids"])
    names = pd.read_csv(study / places.statistic("impact", "imagenet", "gmp-50"))["name"].tolist()
    assert sorted(names) == sorted(facts["class_names"])
    assert not any(name in facts["class_ids"] for name in names)
    assert facts["class_names"][:2] == ["tench", "goldfish"]


def test_every_image_is_predicted_by_every_member(study: Path) -> None:
    for variant in ("dense", "gmp-50", "int8-static"):
        rows = pd.read_parquet(study / places.predictions("imagenet", variant, SHARD))
        assert rows.groupby("member").size().to_dict() == dict.fromkeys(range(4), 2 * CLASSES)
        assert np.isfinite(rows[["confidence", "true_probability"]]).all(axis=None)
    assert read_facts(study / places.predictions("imagenet", "gmp-50", SHARD))["sparsity"] == pytest.approx(
        0.5, abs=0.01
    )


def test_corrupted_and_natural_adversarial_images_are_counted_as_named(study: Path) -> None:
    rows = pd.read_parquet(study / places.robustness("imagenet", "dense", SHARD))
    totals = rows[rows["member"] == 0].groupby("corruption", observed=True)["total"].sum().to_dict()
    natural = {"natural-adversarial-8-way": 9, "natural-adversarial-3-way": 9}
    assert totals == {"clean": 2 * CLASSES, **dict.fromkeys(CORRUPTIONS, 2 * CLASSES), **natural}
    correct = rows.groupby(["member", "corruption"], observed=True)["correct"].sum().unstack()
    assert (correct["natural-adversarial-3-way"] >= correct["natural-adversarial-8-way"]).all()
    top5 = rows[rows["corruption"] == "natural-adversarial-3-way"]
    assert (top5["correct_top5"] == top5["total"]).all()  # of three classes five are always enough


def test_the_gallery_and_the_figures_are_there(study: Path) -> None:
    for figure in study_figures(params()):
        assert (study / places.figure("imagenet", figure, "svg")).stat().st_size > 1000
    page = (study / places.place("gallery", "imagenet")).read_text()
    pie = pd.concat(pd.read_parquet(study / places.statistic("pie", "imagenet", v)) for v in ("gmp-50", "int8-static"))
    assert page.count("data:image/jpeg") >= min(1, int(pie["pie"].sum()))


def test_workers_and_batches_change_nothing_that_was_trained(study: Path) -> None:
    path = places.checkpoint("imagenet", "dense", SHARD)
    before = path.read_bytes()
    changed = params()
    changed["studies"]["imagenet"]["recipe"]["workers"] = 0
    write_params(study, changed)
    step("train", study="imagenet", variant="dense", shard=SHARD)
    assert path.read_bytes() == before
    write_params(study, params())
