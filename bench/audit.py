"""The audit at the scale of ImageNet: 50,000 examples, 1,000 classes, 30 + 30 members, one variant."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.measure import ROOT, cost, row
from lesion.artifacts.tables import EXAMPLES, PREDICTIONS, TEXT, write_parquet

EXAMPLES_COUNT, CLASSES, MEMBERS = 50_000, 1_000, 30
STEPS = (
    "impact", "pie", "subgroups", "effects", "null", "flips", "calibration", "reliability", "foresight",
)  # fmt: skip
LOOPED = 50  # images of the loop that is compared


def predictions(label: np.ndarray, error: np.ndarray, members: int, rng: np.random.Generator) -> pa.Table:
    """Members that err on each example with its own probability, on the label next to the true one."""
    ids, count = np.arange(len(label), dtype=np.int32), len(label)
    wrong = rng.random((members, count)) < error
    columns = {
        "example_id": np.tile(ids, members),
        "member": np.repeat(np.arange(members, dtype=np.int16), count),
        "label": np.tile(label, members),
        "prediction": ((label + wrong) % CLASSES).astype(np.int16).ravel(),
        "correct_top5": np.ones(members * count, dtype=bool),
        "confidence": rng.random(members * count, dtype=np.float32),
        "true_probability": rng.random(members * count, dtype=np.float32),
    }
    return pa.table(columns, schema=PREDICTIONS)


def study(folder: Path, *, examples: int, members: int) -> None:
    """Write the predictions of two populations, as the study `digits`."""
    rng = np.random.default_rng(0)
    label = rng.permutation(np.arange(examples) % CLASSES).astype(np.int16)
    difficulty = rng.beta(0.3, 0.9, examples)
    results = folder / "results" / "digits"
    text = {"split": ["test"] * examples, "source": ["synthetic"] * examples}
    text |= {name: rng.choice(["a", "b", "c", "d"], examples).tolist() for name in ("ink", "slant", "stroke-width")}
    columns = {"example_id": pa.array(np.arange(examples, dtype=np.int32)), "label": pa.array(label)}
    columns |= {name: pa.array(values).dictionary_encode().cast(TEXT) for name, values in text.items()}
    assert list(columns)[: len(EXAMPLES)] == EXAMPLES.names
    names = [str(number) for number in range(CLASSES)]
    write_parquet(results / "data" / "examples.parquet", pa.table(columns), study="digits", class_names=names)
    for variant, harm in (("dense", 1.0), ("gmp-90", 1.15)):
        table = predictions(label, np.minimum(1, difficulty * harm), members, rng)
        write_parquet(results / "predictions" / variant / "0-29.parquet", table, study="digits", variant=variant)
    (folder / "params.yaml").write_text((ROOT / "params.yaml").read_text())


def audited(*, examples: int, members: int) -> tuple[dict[str, float], float]:
    """Seconds of each step, and the highest peak of memory in MiB."""
    seconds, peak = {}, 0.0
    with tempfile.TemporaryDirectory() as name:
        study(Path(name), examples=examples, members=members)
        for step in STEPS:
            spent = cost("lesion", step, "--study", "digits", "--variant", "gmp-90", cwd=Path(name))
            seconds[step], peak = spent.seconds, max(peak, spent.peak_mib)
    return seconds, peak


def looped() -> float:
    """Seconds an image takes for its modal label in a loop that queries a data frame, as published code does."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, CLASSES, EXAMPLES_COUNT).astype(np.int16)
    frame = predictions(label, np.full(EXAMPLES_COUNT, 0.2), MEMBERS, rng).to_pandas()
    start = time.perf_counter()
    for example in range(LOOPED):
        frame[frame["example_id"] == example]["prediction"].value_counts().index[0]
    return (time.perf_counter() - start) / LOOPED


def main() -> None:
    """Print the rows."""
    seconds, peak = audited(examples=EXAMPLES_COUNT, members=MEMBERS)
    for step, spent in seconds.items():
        row(f"ImageNet-scale `{step}`", f"{spent:.1f} s")
    row("ImageNet-scale impact and PIE, q-values included", f"{seconds['impact'] + seconds['pie']:.1f} s", "3 s")
    row("ImageNet-scale audit, 200 resamples", f"{sum(seconds.values()):.1f} s, {peak:.0f} MiB", "60 s, 2,000 MiB")
    start = cost("lesion", "--help", cwd=ROOT).seconds
    row("of each step, the start of the command line alone", f"{start:.1f} s")
    for what, fewer in (
        ("examples", {"examples": EXAMPLES_COUNT // 2, "members": MEMBERS}),
        ("members", {"examples": EXAMPLES_COUNT, "members": MEMBERS // 2}),
    ):
        half, _ = audited(**fewer)
        row(f"the audit with twice the {what}", f"× {sum(seconds.values()) / sum(half.values()):.2f}", "2")
    loop = 2 * EXAMPLES_COUNT * looped()
    row(
        f"modal labels by a loop over images in pandas ({LOOPED} images measured) over `pie`",
        f"× {loop / seconds['pie']:,.0f}",
    )


if __name__ == "__main__":
    main()
