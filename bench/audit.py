"""The audit at the scale of ImageNet: 50,000 examples, 1,000 classes, 30 + 30 members, one variant."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.measure import ROOT, cost, row
from lesion.artifacts.tables import EXAMPLES, PREDICTIONS, write_parquet

EXAMPLES_COUNT, CLASSES, MEMBERS = 50_000, 1_000, 30


def predictions(label: np.ndarray, error: np.ndarray, rng: np.random.Generator) -> pa.Table:
    """Members that err on each example with its own probability, on the label next to the true one."""
    ids, count = np.arange(len(label), dtype=np.int32), len(label)
    wrong = rng.random((MEMBERS, count)) < error
    columns = {
        "example_id": np.tile(ids, MEMBERS),
        "member": np.repeat(np.arange(MEMBERS, dtype=np.int16), count),
        "label": np.tile(label, MEMBERS),
        "prediction": ((label + wrong) % CLASSES).astype(np.int16).ravel(),
        "correct_top5": np.ones(MEMBERS * count, dtype=bool),
        "confidence": rng.random(MEMBERS * count, dtype=np.float32),
        "true_probability": rng.random(MEMBERS * count, dtype=np.float32),
    }
    return pa.table(columns, schema=PREDICTIONS)


def main() -> None:
    """Print the rows."""
    rng = np.random.default_rng(0)
    label = rng.permutation(np.arange(EXAMPLES_COUNT) % CLASSES).astype(np.int16)
    difficulty = rng.beta(0.3, 0.9, EXAMPLES_COUNT)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results = folder / "results" / "digits"
        text = {"split": ["test"] * EXAMPLES_COUNT, "source": ["synthetic"] * EXAMPLES_COUNT}
        examples = pa.table(
            {"example_id": np.arange(EXAMPLES_COUNT, dtype=np.int32), "label": label, **text}, schema=EXAMPLES
        )
        names = [str(number) for number in range(CLASSES)]
        write_parquet(results / "data" / "examples.parquet", examples, study="digits", class_names=names)
        for variant, harm in (("dense", 1.0), ("gmp-90", 1.15)):
            table = predictions(label, np.minimum(1, difficulty * harm), rng)
            write_parquet(results / "predictions" / variant / "0-29.parquet", table, study="digits", variant=variant)
        (folder / "params.yaml").write_text((ROOT / "params.yaml").read_text())
        total = 0.0
        for step in ("impact", "pie"):
            spent = cost("lesion", step, "--study", "digits", "--variant", "gmp-90", cwd=folder)
            total += spent.seconds
            row(f"ImageNet-scale `{step}`", f"{spent.seconds:.1f} s, {spent.peak_mib:.0f} MiB", "2,000 MiB")
        row("ImageNet-scale impact and PIE", f"{total:.1f} s", "3 s")


if __name__ == "__main__":
    main()
