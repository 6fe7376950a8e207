"""The `latency` step: how long each variant takes on this machine, beside its multiply-adds and bytes.

What it writes is measured: it is no function of its inputs, and another run gives other numbers.
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from lesion.artifacts.checkpoints import read_members
from lesion.artifacts.csv_tables import write_csv
from lesion.artifacts.tables import read_facts
from lesion.compress.encoding import decode
from lesion.compress.restore import restored
from lesion.data.split import Split
from lesion.deploy.backends import Backend, backends
from lesion.deploy.timing import Seconds, interleaved, processor, quartiles
from lesion.models.inputs import read_inputs
from lesion.params.latency import Latency

DENSE = "dense"


def latency(
    *,
    examples: Path,
    images: Path,
    checkpoints: dict[str, list[Path]],
    predictions: dict[str, list[Path]],
    table: Path,
    model: dict[str, Any],
    variants: dict[str, Any],
    settings: Latency,
) -> None:
    """Time the first member of each variant by every backend that is installed, and write the `table`.

    Columns: variant, backend, batch; median_ms and its quartiles low_ms and high_ms, of a batch; speedup, against dense
    by the same backend (of sparse formats: by torch) in the same round, with its quartiles speedup_low and
    speedup_high; multiply_adds of one image, zero weights left out, and multiply_adds_ratio, dense over variant; bytes
    of what is stored, and bytes_ratio, dense by the same backend over variant; runtime, clock, threads, repeats,
    processor.

    Parameters
    ----------
    predictions : whose metadata have the multiply-adds
    variants : what params.yaml says of each variant
    """
    torch.set_num_threads(settings.threads)
    split = read_inputs(model, examples, images, "test")
    ready = {
        variant: list(_backends(variant, files[0], model, variants[variant], split, settings.threads))
        for variant, files in checkpoints.items()
    }
    adds = {variant: read_facts(predictions[variant][0])["multiply_adds"] for variant in checkpoints}
    rows = [row for batch in settings.batches for row in _measured(ready, _batch(split, batch), settings)]
    known = settings.model_dump(include={"clock", "threads", "repeats"}) | {"processor": processor()}
    write_csv(table, _with_costs(pd.DataFrame(rows), ready, adds).assign(**known))


def _backends(
    variant: str, checkpoint: Path, model: dict[str, Any], compression: dict[str, Any], split: Split, threads: int
) -> Iterator[Backend]:
    _, network = next(restored(checkpoint, model=model, compression=compression, split=split))
    _, stored = next(read_members(checkpoint))
    yield from backends(variant, network, decode(stored), _batch(split, 1), threads)


def _batch(split: Split, size: int) -> Tensor:
    """The first test images, again from the start where there are fewer: float32 (size, c, h, w)."""
    rows = np.arange(size) % len(split.label)
    return split.normalise(torch.from_numpy(split.images.read(rows))).contiguous()


def _measured(ready: Mapping[str, list[Backend]], batch: Tensor, settings: Latency) -> Iterator[dict[str, Any]]:
    """A row for each variant and backend, all timed in turn."""
    calls = {
        (variant, backend.name): (lambda run=backend.run: run(batch))
        for variant, known in ready.items()
        for backend in known
    }
    named = {f"{variant} {backend}": call for (variant, backend), call in calls.items()}
    clock = time.perf_counter if settings.clock == "wall" else time.process_time
    seconds = interleaved(named, repeats=settings.repeats, warmup=settings.warmup, clock=clock)
    for variant, known in ready.items():
        for backend in known:
            own = seconds[f"{variant} {backend.name}"]
            yield {
                "variant": variant,
                "backend": backend.name,
                "batch": len(batch),
                **_spread(1e3 * own, ("median_ms", "low_ms", "high_ms")),
                **_speedup(own, seconds.get(f"{DENSE} {backend.baseline}")),
            }


def _spread(values: Seconds, names: tuple[str, str, str]) -> dict[str, float]:
    return dict(zip(names, quartiles(values), strict=True))


def _speedup(own: Seconds, dense: Seconds | None) -> dict[str, float]:
    """Dense over own, round by round; unknown where dense has no such backend."""
    ratio = np.full(len(own), np.nan) if dense is None else dense / own
    return _spread(ratio, ("speedup", "speedup_low", "speedup_high"))


def _with_costs(table: pd.DataFrame, ready: Mapping[str, list[Backend]], adds: Mapping[str, float]) -> pd.DataFrame:
    """Add multiply-adds, bytes and the runtime of each row."""
    backends_of = {(variant, one.name): one for variant, known in ready.items() for one in known}
    own = [backends_of[key] for key in zip(table["variant"], table["backend"], strict=True)]
    dense = [backends_of.get((DENSE, one.baseline)) for one in own]
    multiply_adds = table["variant"].map(adds)
    return table.assign(
        multiply_adds=multiply_adds,
        multiply_adds_ratio=adds.get(DENSE, np.nan) / multiply_adds,
        bytes=[one.bytes for one in own],
        bytes_ratio=[
            np.nan if before is None else before.bytes / one.bytes for one, before in zip(own, dense, strict=True)
        ],
        runtime=[one.runtime for one in own],
    )
