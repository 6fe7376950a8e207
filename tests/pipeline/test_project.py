"""What is told when params.yaml is read and only the rooms above params can know."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lesion.data.corruptions import frost_photographs
from lesion.errors import InputError
from lesion.pipeline.project import project
from tests.conftest import tiny

PARAMS = Path(__file__).parents[2] / "params.yaml"


def with_frost(study: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    data["studies"][study]["robustness"]["corruptions"] = ["frost"]
    return data


def test_frost_without_its_photographs_is_told_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frost_photographs, "PACKAGE", "no-such-package")
    project(with_frost("cifar10"))  # no study that is run
    with pytest.raises(InputError, match="pip install --no-deps imagecorruptions"):
        project(with_frost("digits"))


def test_published_images_of_frost_need_no_photographs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frost_photographs, "PACKAGE", "no-such-package")
    data = with_frost("digits")
    data["studies"]["digits"]["robustness"]["published"] = "somewhere"
    project(data)


def shown(data: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    """The tiny params.yaml with images from a folder, which are corrupted."""
    made = tiny()
    study = made["studies"]["digits"]
    study["data"] = {"name": "image-folder", "root": "photos", "test": "."} | data
    study["model"] = {"name": "small-cnn", "widths": [8]} | model
    study["adversarial"] = None
    return made


def test_corruptions_of_images_that_are_too_small_are_told_when_the_file_is_read() -> None:
    told = r"^params\.yaml: studies\.digits\.robustness\.corruptions: no severity constants for images of 16x16 pixels"
    with pytest.raises(InputError, match=told):
        project(shown({"resize": 18, "side": 16}, {}))
    project(shown({"resize": 18, "side": 16}, {"input": {"side": 32, "resize": 36}}))
    with pytest.raises(InputError, match=told):
        project(shown({}, {"input": {"side": 16, "resize": 18}}))
    project(shown({}, {}))
    clean = shown({"resize": 18, "side": 16}, {})
    clean["studies"]["digits"]["robustness"] = {"corruptions": [], "severities": []}
    project(clean)
