"""`lesion pretrained`: params.yaml for one trained network, complete, plain, and by what the user says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lesion.errors import InputError
from lesion.params.document import read_yaml
from lesion.pipeline.pretrained_study import COMPRESSED, STUDY, PretrainedStudy, audit_command, write_study
from lesion.pipeline.project import project


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    """A checkpoint and two folders of images, as far as the file needs them."""
    (tmp_path / "net{1}.pt").write_bytes(b"")
    for name in ("photos/val", "photos/train"):
        (tmp_path / name).mkdir(parents=True)
    return {"model": "timm/test_efficientnet", "weights": tmp_path / "net{1}.pt", "images": tmp_path / "photos/val"}


def test_the_file_is_a_whole_project_and_has_no_key_that_is_unknown(given: dict[str, Any], tmp_path: Path) -> None:
    data = read_yaml(write_study(PretrainedStudy(**given, loss=1.5), tmp_path / "out"))
    graph, params = project(data)
    assert params.active.derived == list(COMPRESSED)
    assert set(params.variants) == {"dense", *COMPRESSED}
    budget = params.studies[STUDY].budget
    assert budget is not None
    assert budget.all.loss == 1.5
    assert {node.names.get("variant") for node in graph.nodes()} >= {"dense", *COMPRESSED}


def test_networks_are_shown_images_as_their_published_weights_are(given: dict[str, Any], tmp_path: Path) -> None:
    own = read_yaml(write_study(PretrainedStudy(**given), tmp_path / "own"))
    assert own["studies"][STUDY]["model"]["input"] == "own"
    unpublished = given | {"model": "timm/test_efficientnet_evos_no_such"}
    with pytest.raises(InputError, match="no_such"):
        write_study(PretrainedStudy(**unpublished), tmp_path / "unpublished")


def test_images_are_of_the_test_split_or_of_a_folder_of_their_own(given: dict[str, Any], tmp_path: Path) -> None:
    asked = read_yaml(write_study(PretrainedStudy(**given), tmp_path / "asked"))["studies"][STUDY]
    assert (asked["calibration"], asked["data"]["train"], asked["data"]["test"]) == ("test", None, ".")
    apart = PretrainedStudy(**given, calibration=tmp_path / "photos/train")
    told = read_yaml(write_study(apart, tmp_path / "told"))["studies"][STUDY]
    assert (told["calibration"], told["data"]["train"], told["data"]["test"]) == ("train", "train", "val")
    assert Path(told["data"]["root"]) == (tmp_path / "photos").resolve()


def test_braces_of_a_path_name_no_member(given: dict[str, Any], tmp_path: Path) -> None:
    files = read_yaml(write_study(PretrainedStudy(**given), tmp_path / "out"))["variants"]["dense"]["files"]
    assert files.format(member=0, study=STUDY) == str(given["weights"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": "resnet50"}, "torchvision/<architecture> is expected"),
        ({"weights": Path("missing.pt")}, "--weights: missing.pt: there is no such file"),
        ({"images": Path("missing")}, "--images: missing: there is no such folder"),
        ({"calibration": Path("missing")}, "--calibration: missing: there is no such folder"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    given: dict[str, Any], changed: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        write_study(PretrainedStudy(**(given | changed)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_there_is_not_overwritten(given: dict[str, Any], tmp_path: Path) -> None:
    path = write_study(PretrainedStudy(**given), tmp_path / "out")
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="is there already"):
        write_study(PretrainedStudy(**given), tmp_path / "out")
    assert path.read_text(encoding="utf-8") == "mine"


def test_images_to_compress_with_have_to_be_named(
    given: dict[str, Any], main: Callable[..., tuple[int, list[str]]], tmp_path: Path
) -> None:
    options = [f"--{name}={value}" for name, value in given.items()]
    code, said = main("pretrained", *options, f"--out={tmp_path / 'out'}")
    assert code == 2
    assert "--calibrate-on-test" in said[-1]
    assert not (tmp_path / "out").exists()


def test_the_printed_command_names_the_predictions_of_every_variant(given: dict[str, Any], tmp_path: Path) -> None:
    graph, _ = project(read_yaml(write_study(PretrainedStudy(**given), tmp_path / "out")))
    made = [path for node in graph.nodes() if node.step == "predict" for path in graph.outputs(node).values()]
    assert len(made) == 1 + len(COMPRESSED)
    assert all(path in audit_command() for path in made)
