"""The figure of time over multiply-adds shows what the table says."""

import numpy as np
import pandas as pd
import pytest

from lesion.params.figure import Figure
from lesion.views.figures import latency, style

SIZE = Figure(width=11.0, height=5.5, font_size=9.0)


def table(*, dense: bool = True) -> pd.DataFrame:
    """Two variants, pruned and int8, at two sizes of batch."""
    known = {"processor": "some processor", "threads": 1, "repeats": 9, "clock": "wall"}
    rows = [
        (variant, backend, batch, ratio, speedup)
        for batch in (1, 8)
        for variant, backend, ratio, speedup in (
            ("dense", "torch", 1.0, 1.0),
            ("dense", "onnxruntime", 1.0, 1.0),
            ("pruned", "torch", 10.0, 1.1),
            ("pruned", "torch-csr", 10.0, 0.4 * batch),
            ("int8", "onnxruntime", 1.0, 2.0),
        )
    ]
    found = pd.DataFrame(rows, columns=["variant", "backend", "batch", "multiply_adds_ratio", "speedup"])
    found["runtime"] = found["backend"].str.partition("-")[0] + " 1.0"
    spread = {"speedup_low": found["speedup"] * 0.9, "speedup_high": found["speedup"] * 1.2}
    found = found.assign(**spread, **known)
    return found if dense else found.assign(speedup=np.nan, speedup_low=np.nan, speedup_high=np.nan)


def test_compressed_variants_with_a_dense_one_are_drawn() -> None:
    found = latency.tabulate(table())
    assert set(found["variant"]) == {"pruned", "int8"}
    assert latency.tabulate(table(dense=False)).empty


def test_there_is_a_panel_for_each_batch_and_a_mark_for_each_variant_and_backend() -> None:
    shown = latency.tabulate(table())
    with style.applied(SIZE):
        first, second = latency.plot(shown).axes
    for axes, batch in ((first, 1), (second, 8)):
        marks = [line for line in axes.lines if line.get_linestyle() == "None"]
        drawn = sorted(float(y) for line in marks for y in np.asarray(line.get_ydata()))
        assert drawn == sorted(shown[shown["batch"] == batch]["speedup"])
        for line in marks:
            near = np.asarray(line.get_xdata(), dtype=float)
            assert all(np.abs(np.log([x, x / 10.0])).min() < 0.1 for x in near)  # apart, but at their ratio
        names = {text.get_text() for text in axes.texts}
        assert {"pruned", "int8"} <= names
    assert first.get_title() == "one image at a time"


def test_the_line_on_which_all_is_time_is_drawn() -> None:
    with style.applied(SIZE):
        axes = latency.plot(latency.tabulate(table())).axes[0]
    x, y = np.asarray(axes.lines[0].get_xdata()), np.asarray(axes.lines[0].get_ydata())
    assert (x == y).all()
    assert x[0] <= axes.get_xlim()[0]


def test_nothing_to_draw_is_said() -> None:
    with style.applied(SIZE):
        drawing = latency.plot(latency.tabulate(table(dense=False)))
    assert any("No compressed variant" in text.get_text() for text in drawing.texts)


@pytest.mark.parametrize("clock", ["wall", "processor"])
def test_the_clock_is_named(clock: str) -> None:
    with style.applied(SIZE):
        axes = latency.plot(latency.tabulate(table()).assign(clock=clock)).axes[0]
    words = {"wall": "on the wall", "processor": "of the process"}
    assert any(words[clock] in text.get_text() for text in axes.texts)
