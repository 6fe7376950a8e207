"""What is told when params.yaml is read and only the rooms above params can know."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lesion.data.corruptions import frost_photographs
from lesion.errors import InputError
from lesion.pipeline.project import project

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
