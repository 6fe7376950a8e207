"""Predictions of a model file for image files, against Pillow and numpy alone."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from PIL import Image

from lesion.deploy.predict import Said, predict_file
from lesion.deploy.preparing import Pictures
from lesion.errors import InputError
from tests.deploy.onnx_files import weight, write_linear

SIDE, CLASSES = 6, 3
MEAN, STD = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)
PLAIN = Pictures(mean=MEAN, std=STD)
W = weight(3 * SIDE * SIDE, CLASSES)
NAMES = ("ape", "bee", "cat")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images of each class, of the model's size."""
    draws = np.random.default_rng(0)
    for name in NAMES:
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(2):
            pixels = draws.integers(256, size=(SIDE, SIDE, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{number}.png")
    return tmp_path / "images"


def pixels(folder: Path) -> npt.NDArray[np.float64]:
    """All images in the order of their names, (n, side, side, 3)."""
    files = sorted(folder.rglob("*.png"), key=lambda path: path.relative_to(folder).parts)
    return np.stack([np.asarray(Image.open(path), dtype=np.float64) for path in files])


def answers(inputs: npt.NDArray[np.float64]) -> list[str]:
    return [NAMES[place] for place in (inputs.reshape(len(inputs), -1) @ W).argmax(axis=1)]


def test_channels_first_with_mean_and_deviation(tmp_path: Path, folder: Path) -> None:
    model = write_linear(tmp_path / "m.onnx", W, ("n", 3, SIDE, SIDE))
    lines = predict_file(model, folder, tmp_path / "out.parquet", pictures=PLAIN, said=Said(batch=4))
    table = pd.read_parquet(tmp_path / "out.parquet")
    normalised = (pixels(folder) / 255 - MEAN) / STD
    assert table["prediction"].tolist() == answers(normalised.transpose(0, 3, 1, 2))
    assert table["label"].tolist() == [name for name in NAMES for _ in range(2)]
    assert table["example_id"].tolist() == [f"{name}/{number}.png" for name in NAMES for number in range(2)]
    assert "less 0.1, 0.2, 0.3, over 0.5, 0.6, 0.7" in lines[0]


def test_channels_last_in_the_order_blue_green_red(tmp_path: Path, folder: Path) -> None:
    model = write_linear(tmp_path / "m.onnx", W, (2, SIDE, SIDE, 3))
    pictures = Pictures(mean=(100.0,), std=(1.0,), scale=1.0, bgr=True)
    predict_file(model, folder, tmp_path / "out.parquet", pictures=pictures)
    expected = answers((pixels(folder) - 100)[..., ::-1])
    assert pd.read_parquet(tmp_path / "out.parquet")["prediction"].tolist() == expected


def test_integers_are_the_pixels_as_they_are(tmp_path: Path, folder: Path) -> None:
    model = write_linear(tmp_path / "m.onnx", W, ("n", SIDE, SIDE, 3), dtype="uint8")
    predict_file(model, folder, tmp_path / "out.parquet")
    assert pd.read_parquet(tmp_path / "out.parquet")["prediction"].tolist() == answers(pixels(folder))
    with pytest.raises(InputError, match="--mean and --std are not expected"):
        predict_file(model, folder, tmp_path / "out.parquet", pictures=PLAIN)


def test_one_channel_is_luma(tmp_path: Path, folder: Path) -> None:
    grey = weight(SIDE * SIDE, CLASSES)
    model = write_linear(tmp_path / "m.onnx", grey, ("n", 1, SIDE, SIDE))
    predict_file(model, folder, tmp_path / "out.parquet", pictures=Pictures(scale=1.0))
    files = sorted(folder.rglob("*.png"), key=lambda path: path.relative_to(folder).parts)
    luma = np.stack([np.asarray(Image.open(path).convert("L"), dtype=np.float64) for path in files])
    scores = luma.reshape(len(luma), -1) @ grey
    best = np.sort(scores, axis=1)
    sure = best[:, -1] - best[:, -2] > np.abs(grey).sum()  # Pillow rounds luma by integers, one level off at most
    found = pd.read_parquet(tmp_path / "out.parquet")["prediction"].to_numpy()
    assert sure.any()
    assert (found[sure] == np.array(NAMES)[scores.argmax(axis=1)][sure]).all()


def test_images_of_other_sizes_are_scaled_and_cut(tmp_path: Path) -> None:
    """A bright square in the middle of a dark image is all that is shown, where it is cut out so."""
    inner = np.zeros((40, 60, 3), dtype=np.uint8)
    inner[10:30, 20:40] = 200
    (tmp_path / "images").mkdir()
    Image.fromarray(inner).save(tmp_path / "images" / "a.png")
    ones = np.stack([np.ones(3 * SIDE * SIDE), np.zeros(3 * SIDE * SIDE)], axis=1).astype(np.float32)
    model = write_linear(tmp_path / "m.onnx", ones / np.float32(3 * SIDE * SIDE), ("n", 3, "height", "width"))
    with pytest.raises(InputError, match="say the --side"):
        predict_file(model, tmp_path / "images", tmp_path / "out.csv", pictures=PLAIN)
    for resize, bright in ((2 * SIDE, True), (SIDE, False)):
        pictures = Pictures(scale=1 / 200, side=SIDE, resize=resize, interpolation="nearest")
        predict_file(model, tmp_path / "images", tmp_path / "out.csv", pictures=pictures, said=Said(scores="logits"))
        [confidence] = pd.read_csv(tmp_path / "out.csv")["confidence"]
        assert (confidence > 1 / (1 + np.exp(-0.999))) == bright


def test_a_table_names_images_labels_and_groups(tmp_path: Path, folder: Path) -> None:
    model = write_linear(tmp_path / "m.onnx", W, ("n", 3, SIDE, SIDE))
    (tmp_path / "t.csv").write_text("path,label,camera\nimages/cat/1.png,2,old\nimages/ape/0.png,0,new\n")
    predict_file(model, tmp_path / "t.csv", tmp_path / "out.parquet", pictures=PLAIN)
    table = pd.read_parquet(tmp_path / "out.parquet")
    images = pixels(folder)[[5, 0]]
    expected = answers(((images / 255 - MEAN) / STD).transpose(0, 3, 1, 2))
    assert [NAMES[place] for place in table["prediction"]] == expected
    assert table[["example_id", "label", "camera"]].to_numpy().tolist() == [
        ["images/cat/1.png", 2, "old"],
        ["images/ape/0.png", 0, "new"],
    ]


def test_a_flat_folder_has_no_labels(tmp_path: Path, folder: Path) -> None:
    model = write_linear(tmp_path / "m.onnx", W, ("n", 3, SIDE, SIDE))
    predict_file(model, folder / "bee", tmp_path / "out.parquet", pictures=PLAIN)
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert list(table) == ["example_id", "prediction", "confidence"]
    assert table["example_id"].tolist() == ["0.png", "1.png"]


def test_how_pixels_become_floats_must_be_said(tmp_path: Path, folder: Path) -> None:
    model = write_linear(tmp_path / "m.onnx", W, ("n", 3, SIDE, SIDE))
    with pytest.raises(InputError, match="say --mean and --std"):
        predict_file(model, folder, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize(
    ("pictures", "said"),
    [
        (Pictures(mean=(0.0, 1.0), std=(1.0,)), "--mean: 2 numbers, 3 expected"),
        (Pictures(mean=(0.0,), std=(0.0,)), "--std: numbers above 0"),
        (Pictures(mean=(0.0,), std=(1.0,), side=9), "--side says 9"),
        (Pictures(mean=(0.0,), std=(1.0,), resize=3), "--resize: 3 is smaller"),
        (Pictures(mean=(0.0,), std=(1.0,), layout="nhwc"), "1 or 3 channels are expected"),
    ],
)
def test_what_contradicts_the_model_is_told(tmp_path: Path, folder: Path, pictures: Pictures, said: str) -> None:
    model = write_linear(tmp_path / "m.onnx", W, ("n", 3, SIDE, SIDE))
    with pytest.raises(InputError, match=said):
        predict_file(model, folder, tmp_path / "out.parquet", pictures=pictures)


def test_more_classes_than_folders_need_names(tmp_path: Path, folder: Path) -> None:
    model = write_linear(tmp_path / "m.onnx", weight(3 * SIDE * SIDE, 4), ("n", 3, SIDE, SIDE))
    with pytest.raises(InputError, match="names 3 classes, the model has 4; say with --classes"):
        predict_file(model, folder, tmp_path / "out.parquet", pictures=PLAIN)
    (tmp_path / "names.txt").write_text("dog\ncat\nbee\nape")
    predict_file(model, folder, tmp_path / "out.csv", pictures=PLAIN, said=Said(classes=tmp_path / "names.txt"))
    assert set(pd.read_csv(tmp_path / "out.csv")["label"]) == set(NAMES)
