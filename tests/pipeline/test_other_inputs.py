"""Rows of features and texts go the way of images, node by node: trained, pruned, quantised, audited, shown."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

from lesion.artifacts.tables import read_facts
from lesion.errors import InputError
from lesion.pipeline.project import project
from tests import places
from tests.conftest import step, tiny, write_params

SHARD, SPARSITY = "0-3", 0.9
WORDS = {"rain": ["wet", "cloud", "grey"], "sun": ["dry", "blue", "warm"], "wind": ["cold", "loud", "leaf"]}


def write_wine(folder: Path) -> dict[str, Any]:
    """scikit-learn's 178 wines as a table; the data set."""
    wine = load_wine(as_frame=True)
    table = wine.data.assign(label=[f"grower {one}" for one in wine.target], strength="strong")
    table.loc[table["alcohol"] < 13, "strength"] = "light"
    table.to_csv(folder / "wine.csv", index=False)
    return {"name": "table", "table": "wine.csv", "test_share": 0.4, "attributes": ["strength"]}


def write_texts(folder: Path) -> dict[str, Any]:
    """Texts of 30 words, each class with words of its own among those that all have; the data set."""
    rng = np.random.default_rng(0)
    common = [f"word{number}" for number in range(20)]
    for part, count in (("train", 24), ("test", 16)):
        for name, own in WORDS.items():
            (folder / "texts" / part / name).mkdir(parents=True)
            for number in range(count):
                chosen = rng.choice(common + own * int(rng.integers(1, 4)), 30)
                (folder / "texts" / part / name / f"{number}.txt").write_text(" ".join(chosen) + ".")
    return {"name": "texts", "root": "texts", "length": 24, "vocabulary": 25}


MODELS = {
    "features": (write_wine, {"name": "mlp", "widths": [16, 8]}),
    "texts": (write_texts, {"name": "text-cnn", "embedding": 8, "channels": 6, "kernels": [1, 3]}),
}


def params(kind: str, folder: Path) -> dict[str, Any]:
    """The tiny params.yaml with the data and the network of a kind."""
    write, model = MODELS[kind]
    made = tiny(epochs=3 if kind == "features" else 6)
    study = made["studies"]["digits"]
    study["recipe"] |= {"batch": 8, "micro_batch": 8, "rate": 0.1}
    study |= {"data": write(folder), "model": model, "adversarial": None, "subgroups": []}
    study["robustness"] = {"corruptions": [], "severities": []}
    if kind == "features":
        study["subgroups"] = [["strength"]]
    made["variants"]["int8-static"]["calibration_images"] = 16
    made["variants"]["gmp-50"]["sparsity"] = SPARSITY
    made["active"] |= {"shards": [SHARD]}
    return made


@pytest.fixture(scope="module", params=list(MODELS))
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A kind of inputs, and a folder in which every node of its study has run."""
    folder = tmp_path_factory.mktemp(request.param)
    made = params(request.param, folder)
    write_params(folder, made)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        project(made)
        for name in ("data", "adversarial"):
            step(name, study="digits")
        for variant in ("dense", "gmp-50", "int8-static"):
            for name in ("compress" if variant == "int8-static" else "train", "predict", "robustness"):
                step(name, study="digits", variant=variant, shard=SHARD)
        for variant in ("gmp-50", "int8-static"):
            for name in ("impact", "pie"):
                step(name, study="digits", variant=variant)
        step("gallery", study="digits")
        step("figure", study="digits", figure="pie-sheet")
    return request.param, folder


def test_networks_learn_and_their_weights_are_counted(study: tuple[str, Path]) -> None:
    kind, folder = study
    rows = pd.read_parquet(folder / places.predictions("digits", "dense", SHARD))
    assert (rows["label"] == rows["prediction"]).mean() > 0.6
    facts = read_facts(folder / places.predictions("digits", "gmp-50", SHARD))
    weights = 13 * 16 + 16 * 8 + 8 * 3 if kind == "features" else 8 * 6 * (1 + 3) + 12 * 3  # embeddings do not count
    assert facts["parameters"] == weights
    assert facts["sparsity"] == pytest.approx(SPARSITY, abs=0.02)
    if kind == "features":
        assert facts["multiply_adds_dense"] == weights
    whole, smaller = (
        read_facts(folder / places.predictions("digits", name, SHARD)) for name in ("dense", "int8-static")
    )
    assert smaller["bytes_per_member"] < whole["bytes_per_member"]


def test_tables_figures_and_pages_are_made(study: tuple[str, Path]) -> None:
    kind, folder = study
    assert len(pd.read_csv(folder / places.statistic("impact", "digits", "int8-static"))) == 3
    counted = pd.read_parquet(folder / places.robustness("digits", "dense", SHARD))
    assert set(counted["corruption"]) == {"clean"}
    pie = pd.read_parquet(folder / places.statistic("pie", "digits", "gmp-50"))
    assert pie["pie"].any()
    page = (folder / places.place("gallery", "digits")).read_text(encoding="utf-8")
    assert " sd)" in page if kind == "features" else "word1" in page
    assert "<img" not in page
    sheet = (folder / places.figure("digits", "pie-sheet", "svg")).read_text(encoding="utf-8")
    assert "Examples whose label compression changes" in sheet


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "features",
        {"model": {"name": "small-cnn", "widths": [8]}},
        "model: small-cnn takes images, table gives",
    ),
    ("texts", {"model": {"name": "mlp", "widths": [8]}}, "model: mlp takes features, texts gives texts"),
    (
        "features",
        {"robustness": {"corruptions": ["fog"], "severities": [1]}},
        r"robustness.corruptions: are of images, table gives features; \[\] is expected",
    ),
    ("texts", {"adversarial": {"name": "mnist-8x8"}}, "adversarial: is of images, texts gives texts; null is expected"),
]


@pytest.mark.parametrize(("kind", "changed", "told"), REFUSED)
def test_what_is_of_images_is_refused_when_the_file_is_read(
    kind: str, changed: dict[str, Any], told: str, tmp_path: Path
) -> None:
    made = params(kind, tmp_path)
    made["studies"]["digits"] |= changed
    with pytest.raises(InputError, match=rf"^params\.yaml: studies\.digits\.{told}"):
        project(made)


def test_augmentation_and_input_are_of_images(tmp_path: Path) -> None:
    made = params("texts", tmp_path)
    made["studies"]["digits"]["recipe"]["augmentation"]["mirror"] = True
    with pytest.raises(InputError, match=r"digits\.recipe\.augmentation: is of images, the examples are texts"):
        project(made)
    made = params("features", tmp_path)
    made["studies"]["digits"]["model"]["input"] = {"side": 8}
    with pytest.raises(InputError, match=r"studies\.digits\.model\.input: is of images, table gives features"):
        project(made)


@pytest.mark.parametrize("variant", ["dense", "int8-static"])
def test_members_are_exported(study: tuple[str, Path], variant: str, tmp_path: Path) -> None:
    export = pytest.importorskip("lesion.deploy.export")
    kind, folder = study
    made = params(kind, tmp_path)
    _, parity, given = export.export_member(
        examples=folder / places.examples("digits"),
        images=folder / places.images("digits"),
        checkpoint=folder / places.checkpoint("digits", variant, SHARD),
        model=made["studies"]["digits"]["model"],
        compression=made["variants"][variant],
        member=2,
        out=tmp_path / "member.onnx",
    )
    assert (tmp_path / "member.onnx").stat().st_size > 1000
    assert "onnxruntime on" in parity
    assert "features less `mean`" in given if kind == "features" else "numbers of words" in given
