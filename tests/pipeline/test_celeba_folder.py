"""CelebA's layout with a few hundred made-up faces: attributes travel, and the study runs to its figures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lesion.pipeline.steps import STATISTICS
from tests import places
from tests.conftest import step, study_figures, tiny, write_params

pytestmark = pytest.mark.xdist_group("celeba")  # one worker runs the study once

COUNT = 300
ATTRIBUTES = ["Bald", "Blond_Hair", "Male", "Smiling", "Young"]
SHARD = "0-3"  # the null wants four dense members


def write_faces(root: Path) -> pd.DataFrame:
    """Images of 178 × 218, yellow above where the attribute says blond; the two text files as published."""
    folder, rng = root / "celeba" / "img_align_celeba", np.random.default_rng(0)
    folder.mkdir(parents=True)
    values = pd.DataFrame(rng.random((COUNT, 5)) < 0.4, columns=ATTRIBUTES)
    names = [f"{number:06}.jpg" for number in range(1, COUNT + 1)]
    for name, blond in zip(names, values["Blond_Hair"], strict=True):
        pixels = rng.integers(0, 60, (218, 178, 3)) + np.array([60, 60, 60])
        pixels[:90] += np.array([120, 100, 0]) if blond else np.array([0, 0, 60])
        Image.fromarray(pixels.astype(np.uint8)).save(folder / name)
    signs = values.map(lambda value: " 1" if value else "-1")
    rows = [f"{name} {' '.join(row)}" for name, row in zip(names, signs.to_numpy(), strict=True)]
    (root / "celeba" / "list_attr_celeba.txt").write_text("\n".join([str(COUNT), " ".join(ATTRIBUTES), *rows]) + "\n")
    partition = [0] * 180 + [1] * 40 + [2] * 80
    lines = [f"{name} {part}" for name, part in zip(names, partition, strict=True)]
    (root / "celeba" / "list_eval_partition.txt").write_text("\n".join(lines) + "\n")
    return values.assign(partition=partition)


def params() -> dict[str, Any]:
    """The study `celeba` of params.yaml, with smaller images and a smaller network."""
    made = tiny()
    study = made["studies"]["celeba"]
    study["data"] |= {"root": "$FACES", "side": 32, "resize": 32}
    study["model"] = {"name": "cifar-resnet", "depth": 8}
    study["recipe"] |= {"epochs": 6.0, "batch": 32, "micro_batch": 32, "rate": 0.05, "workers": 0}
    study["evaluation"] |= {"workers": 0}
    made["variants"]["gmp-50"]["schedule"] |= {"begin": 0.0, "end": 0.5, "every": 0.1}
    made["active"] |= {"studies": ["celeba"], "shards": [SHARD]}
    return made


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, pd.DataFrame]]:
    """A folder in which the study has run, and what was made up."""
    folder = tmp_path_factory.mktemp("celeba")
    faces = write_faces(folder / "faces")
    write_params(folder, params())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("FACES", str(folder / "faces"))
        for name in ("data", "adversarial"):
            step(name, study="celeba")
        for variant in ("dense", "gmp-50"):
            for name in ("train", "predict", "robustness"):
                step(name, study="celeba", variant=variant, shard=SHARD)
        made = params()
        made["active"]["derived"] = []
        write_params(folder, made)
        for name in STATISTICS:
            step(name, study="celeba", variant="gmp-50")
        for name in ("summary", "gallery"):
            step(name, study="celeba")
        for figure in study_figures(made):
            step("figure", study="celeba", figure=figure)
        yield folder, faces


def test_attributes_travel_with_the_examples(study: tuple[Path, pd.DataFrame]) -> None:
    _, faces = study
    kept = faces[faces["partition"] != 1].reset_index(drop=True)
    examples = pd.read_parquet(places.examples("celeba"))
    assert examples["label"].tolist() == kept["Blond_Hair"].astype(int).tolist()
    assert examples["split"].tolist() == kept["partition"].map({0: "train", 2: "test"}).tolist()
    for name in ("Male", "Young"):
        assert (examples[name] == name).tolist() == kept[name].tolist()


def test_errors_are_told_by_group_and_by_intersection(study: tuple[Path, pd.DataFrame]) -> None:
    _, faces = study
    table = pd.read_csv(places.statistic("subgroups", "celeba", "gmp-50"))
    assert set(table["attribute"]) == {"all", "Male", "Young", "Male & Young"}
    assert set(table["measure"]) == {"error", "false-positive", "false-negative"}
    tested = faces[faces["partition"] == 2]
    rows = table[table["measure"] == "error"].set_index(["attribute", "group"])["examples"]
    assert rows["Male", "not Male"] == (~tested["Male"]).sum()
    assert rows["Male & Young", "Male, not Young"] == (tested["Male"] & ~tested["Young"]).sum()
    blond = table[(table["measure"] == "false-negative") & (table["attribute"] == "all")]["examples"]
    assert blond.tolist() == [tested["Blond_Hair"].sum()]


def test_the_population_learns_the_colour_of_hair(study: tuple[Path, pd.DataFrame]) -> None:
    rows = pd.read_parquet(places.predictions("celeba", "dense", SHARD))
    assert (rows["prediction"] == rows["label"]).mean() > 0.8


def test_without_corruptions_the_study_still_has_all_its_figures(study: tuple[Path, pd.DataFrame]) -> None:
    rows = pd.read_parquet(places.robustness("celeba", "gmp-50", SHARD))
    assert set(rows["corruption"]) == {"clean"}
    for figure in study_figures(params()):
        assert places.figure("celeba", figure, "svg").stat().st_size > 1000
