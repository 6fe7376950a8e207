"""What artifacts say of who made them."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from lesion.artifacts import arrays, tables
from lesion.artifacts import provenance as module
from lesion.artifacts.arrays import read_arrays, write_arrays
from lesion.artifacts.checkpoints import read_facts, write_checkpoint
from lesion.artifacts.provenance import BASE, WITH_TORCH, facts, made_by, maker, provenance
from lesion.artifacts.tables import write_parquet

WRITE_WITHOUT_TORCH = """
import sys
from pathlib import Path
import pyarrow as pa
from lesion.artifacts.tables import write_parquet
write_parquet(Path(sys.argv[1]), pa.table({"a": [1]}))
assert "torch" not in sys.modules
"""


def test_the_libraries_and_the_device_are_told() -> None:
    made = made_by(provenance(study="toy"))
    for name in (*BASE, "torch", "torchvision", "pillow"):
        assert made[name] == version(name)
    assert made["device"] == f"cpu {torch.backends.cpu.get_cpu_capability()}" or torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    assert made.keys() <= {"device", *BASE, *WITH_TORCH}


def test_what_computes_without_torch_says_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    subprocess.run([sys.executable, "-c", WRITE_WITHOUT_TORCH, path], check=True)
    assert made_by(tables.read_metadata(path)) == {name: version(name) for name in BASE}


def test_a_library_that_is_not_installed_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WITH_TORCH", ("torch", "no-such-library"))
    assert maker().keys() == {"device", "torch", *BASE}


def test_the_facts_that_are_handed_on_do_not_say_who_made_their_source() -> None:
    metadata = provenance(study="toy", members={"0": {"initialisation": 1}})
    assert facts(metadata) == {"study": "toy", "members": {"0": {"initialisation": 1}}}
    handed_on = provenance(**facts(metadata), variant="dense")
    assert made_by(handed_on) == maker()
    assert facts(handed_on) == facts(metadata) | {"variant": "dense"}
    assert facts(None) == made_by(None) == made_by({"lesion": "{}"}) == {}


def test_every_artifact_tells_its_maker_and_hands_on_its_facts(tmp_path: Path) -> None:
    packed, checkpoint, table = tmp_path / "a.safetensors", tmp_path / "c.safetensors", tmp_path / "t.parquet"
    write_arrays(packed, {"a": np.ones(1)}, study="toy")
    write_checkpoint(checkpoint, {0: {"a": torch.ones(1)}}, study="toy")
    write_parquet(table, pa.table({"a": [1]}), study="toy")
    for metadata in (
        arrays.read_metadata(packed),
        arrays.read_metadata(checkpoint),
        tables.read_metadata(table),
    ):
        assert made_by(metadata) == maker()
    for found in (read_arrays(packed)[1], read_facts(checkpoint), tables.read_facts(table)):
        assert found == {"study": "toy"}
