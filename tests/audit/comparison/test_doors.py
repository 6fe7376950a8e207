"""Nodes, files and arrays that hold the same say the same of it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lesion.artifacts.tables import TEXT, write_parquet
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.from_arrays import from_arrays
from lesion.audit.comparison.from_files import from_files
from lesion.audit.comparison.from_nodes import from_nodes
from tests.compared import examples_path, predictions
from tests.synthetic import labels, population, table, write_population


@pytest.fixture
def doors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Comparison]:
    """One comparison, by each door."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    label = labels(rng, 60, 3)
    dense, half = (
        population(rng, label, members=2, classes=3, true_probability=True, confidence=True) for _ in range(2)
    )
    text = rng.permutation([f"text {place // 4}" for place in range(60)])
    columns = {"example_id": pa.array(dense.example_id), "label": pa.array(label)}
    for name, values in {"split": ["test"] * 60, "source": ["made up"] * 60, "text": text.tolist()}.items():
        columns[name] = pa.array(values).dictionary_encode().cast(TEXT)
    write_parquet(examples_path("toy"), pa.table(columns), study="toy", class_names=["0", "1", "2"])
    for name, made in (("dense", dense), ("half", half)):
        write_population("toy", name, "0-1", made)
        rows = table(made).to_pandas().assign(cluster=np.tile(text, 2))
        rows.sample(frac=1, random_state=1).to_csv(f"{name}.csv", index=False)
    files = {name: predictions("toy", name, ["0-1"]) for name in ("dense", "half")}
    return {
        "nodes": from_nodes(
            study="toy", variant="half", examples=examples_path("toy"), dense=files["dense"], compressed=files["half"],
            root_seed=1, design="auto", cluster="text",
        ),
        "files": from_files(Path("dense.csv"), Path("half.csv")),
        "arrays": from_arrays(
            dense.prediction, half.prediction, label, confidence=(dense.confidence, half.confidence), cluster=text
        ),
    }  # fmt: skip


@pytest.mark.parametrize("door", ["files", "arrays"])
def test_clusters_and_confidences_are_the_same(doors: dict[str, Comparison], door: str) -> None:
    expected, found = doors["nodes"], doors[door]
    assert expected.cluster is not None
    np.testing.assert_array_equal(found.cluster, expected.cluster)
    for side in ("dense", "compressed"):
        one, other = getattr(found, side), getattr(expected, side)
        np.testing.assert_allclose(one.confidence, other.confidence, rtol=1e-6)
        np.testing.assert_array_equal(one.prediction, other.prediction)
