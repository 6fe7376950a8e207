"""`lesion status`: artifacts that something else made are counted, and image files that were changed are named."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from lesion.artifacts import provenance
from lesion.artifacts.arrays import write_arrays
from lesion.artifacts.tables import write_parquet
from lesion.data.opening import open_inputs
from lesion.data.prepare import prepare
from lesion.pipeline.status import status
from tests.data.image_files import write_tree

SUFFIXES = {"examples": "parquet", "images": "safetensors"}
HERE = provenance.maker()


def write(path: Path, monkeypatch: pytest.MonkeyPatch, **made: str) -> None:
    """An artifact that was made by what is installed, or by `made`."""
    with monkeypatch.context() as patch:
        patch.setattr(provenance, "maker", lambda: HERE | made)
        if path.suffix == ".parquet":
            write_parquet(path, pa.table({"a": [1]}), study="toy")
        else:
            write_arrays(path, {"a": np.ones(1)}, study="toy")


def said(results: Path) -> list[str]:
    return list(status(results))


def test_what_was_made_here_is_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(tmp_path / "results") == [f"0 artifacts under {tmp_path / 'results'}, made by what is installed here"]
    write(tmp_path / "toy" / "pie" / "p.parquet", monkeypatch)
    write(tmp_path / "toy" / "checkpoints" / "dense" / "0-1.safetensors", monkeypatch)
    (tmp_path / "toy" / "summary.csv").write_text("a\n1\n")
    assert said(tmp_path) == [f"2 artifacts under {tmp_path}, made by what is installed here"]


def test_others_are_counted_by_study_library_and_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for shard in ("0-1", "2-3"):
        write(tmp_path / "digits" / "checkpoints" / f"{shard}.safetensors", monkeypatch, torch="2.0.0", lesion="0.0.1")
    write(tmp_path / "digits" / "predictions" / "0-1.parquet", monkeypatch, device="Some GPU")
    write(tmp_path / "celeba" / "predictions" / "0-1.parquet", monkeypatch, torch="2.0.0")
    write(tmp_path / "celeba" / "pie" / "p.parquet", monkeypatch)
    write(tmp_path / "celeba" / "pie" / "q.parquet", monkeypatch, nowhere="1.0")  # not installed, so no rival
    installed = HERE["torch"]
    assert said(tmp_path) == [
        f"1 artifact of celeba was made by torch 2.0.0; installed is {installed}",
        f"1 artifact of digits was made on Some GPU; here is {' and '.join(sorted(devices()))}",
        f"2 artifacts of digits were made by lesion 0.0.1; installed is {HERE['lesion']}",
        f"2 artifacts of digits were made by torch 2.0.0; installed is {installed}",
    ]


def devices() -> set[str]:
    gpus = {torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())}
    return {f"cpu {torch.backends.cpu.get_cpu_capability()}"} | gpus


def test_hidden_files_are_no_artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / ".resume" / "toy" / "0.safetensors", monkeypatch, torch="2.0.0")
    write(tmp_path / "toy" / "data" / ".images.times.safetensors", monkeypatch, torch="2.0.0")
    assert said(tmp_path) == [f"0 artifacts under {tmp_path}, made by what is installed here"]


def test_artifacts_that_do_not_tell_or_cannot_be_read(tmp_path: Path) -> None:
    old = pa.table({"a": [1]}).replace_schema_metadata({"lesion": json.dumps({"version": "0.1.0"})})
    (tmp_path / "toy" / "pie").mkdir(parents=True)
    pa.parquet.write_table(old, tmp_path / "toy" / "pie" / "old.parquet")
    (tmp_path / "toy" / "pie" / "cut.parquet").write_bytes(b"PAR1")
    (tmp_path / "toy" / "cut.safetensors").touch()
    lines = said(tmp_path)
    assert lines[0].startswith(f"{tmp_path / 'toy' / 'cut.safetensors'}: not a readable safetensors file")
    assert lines[1].startswith(f"{tmp_path / 'toy' / 'pie' / 'cut.parquet'}: not a readable Parquet file")
    assert lines[2:] == ["1 artifact of toy: what made it is not told"]


def test_image_files_that_were_changed_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_tree(tmp_path / "pictures", {"train/cat": 2, "train/ant": 2, "val/cat": 1, "val/ant": 1}, side=16)
    monkeypatch.setenv("PICTURES", "pictures")
    results = Path("results")
    made = {name: results / "large" / "data" / f"{name}.{suffix}" for name, suffix in SUFFIXES.items()}
    prepare(study="large", data={"name": "imagenet", "root": "$PICTURES", "resize": 20, "side": 16}, **made)
    assert said(results) == ["2 artifacts under results, made by what is installed here"]
    (tmp_path / "pictures" / "val" / "ant" / "0.png").unlink()
    (line,) = said(results)
    assert line.startswith("large: pictures/val/ant/0.png: is missing; 1 of 6 image files are changed or missing since")
    open_inputs(**made, rows=np.arange(4))  # what is trained on is there
    monkeypatch.delenv("PICTURES")
    assert said(results) == ["large: $PICTURES: set this environment variable to the folder of images"]
