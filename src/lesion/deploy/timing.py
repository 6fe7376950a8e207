"""Seconds of several calls, measured in turn, so that a machine that slows down does so for all of them."""

import math
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

Seconds = npt.NDArray[np.float64]

LEAST = 5e-3
"""Seconds of one measurement, at least: shorter calls are repeated within it."""
MOST = 1000
"""Calls of one measurement, at most."""


def interleaved(
    calls: Mapping[str, Callable[[], object]],
    *,
    repeats: int,
    warmup: int,
    seed: int = 0,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Seconds]:
    """Seconds of each call in each round: (repeats,) by name.

    In a round every call is measured once, in a random order. A measurement is the mean of as many calls as take
    `LEAST` seconds.
    """
    inner = {name: _calls_of(call, warmup, clock) for name, call in calls.items()}
    found = {name: np.empty(repeats) for name in calls}
    draws, names = np.random.default_rng(seed), list(calls)
    for turn in range(repeats):
        for place in draws.permutation(len(names)):
            name = names[place]
            start = clock()
            for _ in range(inner[name]):
                calls[name]()
            found[name][turn] = (clock() - start) / inner[name]
    return found


def _calls_of(call: Callable[[], object], warmup: int, clock: Callable[[], float]) -> int:
    """How many calls make a measurement, after the warm-up."""
    for _ in range(warmup):
        call()
    start = clock()
    call()
    return min(MOST, max(1, math.ceil(LEAST / max(clock() - start, 1e-9))))


def quartiles(values: Seconds) -> tuple[float, float, float]:
    """Median, first and third quartile of (n,)."""
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    return float(middle), float(low), float(high)


def processor() -> str:
    """The name of the processor where the system tells it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
