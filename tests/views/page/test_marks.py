import re

import numpy as np
import pandas as pd
import pytest

from lesion.views.page import marks
from lesion.views.page.scale import EDGE, Scale


def share(text: str) -> float:
    """A place as the share of the width that values take."""
    return (float(text.removesuffix("%")) - EDGE) / (100 - 2 * EDGE)


def numbers(pattern: str, svg: str) -> list[float]:
    return [float(found) for found in re.findall(pattern, svg)]


@pytest.mark.parametrize(("low", "high"), [(-12.3, 4.1), (0.0, 0.003), (-700.0, 0.0), (-1e-7, 2e5)])
def test_a_scale_is_linear_and_its_ticks_are_round_and_hold_0(low: float, high: float) -> None:
    scale = Scale.of(pd.Series([low, high, np.nan]))
    assert share(scale.at(low)) == pytest.approx(0, abs=1e-3)
    assert share(scale.at(high)) == pytest.approx(1, abs=1e-3)
    assert share(scale.at((low + high) / 2)) == pytest.approx(0.5, abs=1e-3)
    ticks = np.array(scale.ticks())
    assert 0 in ticks
    assert 2 <= len(ticks) <= 8
    assert ((low <= ticks + 1e-12) & (ticks <= high + 1e-12)).all()
    steps = np.diff(ticks)
    np.testing.assert_allclose(steps, steps[0])
    assert float(f"{steps[0]:e}".split("e")[0]) in (1, 2, 5)


@pytest.mark.parametrize("values", [[], [np.nan], [0.0], [0.0, 0.0]])
def test_a_scale_of_nothing_but_0_is_one(values: list[float]) -> None:
    scale = Scale.of(pd.Series(values, dtype=float))
    assert scale.high > scale.low
    assert share(scale.at(0)) == pytest.approx(0)


def flips() -> pd.DataFrame:
    rows = {
        "attribute": ["all", "class", "class"],
        "group": ["all", "a", "b"],
        "broken_rate": [0.10, 0.20, 0.0],
        "fixed_rate": [0.04, 0.0, 0.08],
        "change": [-0.06, -0.20, 0.08],
        "change_low": [-0.08, -0.26, 0.02],
        "change_high": [-0.04, -0.14, 0.15],
        "q_beyond": [np.nan, 0.01, 0.2],
    }
    return pd.DataFrame(rows)


def test_bars_of_losses_and_gains_are_as_long_as_their_rates() -> None:
    table = flips()
    chart = marks.flips(table, words=("broken", "fixed"), average=-0.06, alpha=0.05)
    for row, mark in zip(table.to_dict("records"), chart.marks, strict=True):
        lost, won = numbers(r'width="([\d.]+)%"', mark)
        span = (100 - 2 * EDGE) / (26 + 15)  # from the lowest end of an interval to the highest
        assert lost == pytest.approx(100 * row["broken_rate"] * span, abs=0.1)
        assert won == pytest.approx(100 * row["fixed_rate"] * span, abs=0.1)
        [dot] = numbers(r'cx="([\d.]+)%"', mark)
        assert dot == pytest.approx(EDGE + (100 * row["change"] + 26) * span, abs=0.1)


def test_what_a_test_found_is_full_and_what_it_did_not_hollow() -> None:
    chart = marks.flips(flips(), words=("broken", "fixed"), average=-0.06, alpha=0.05)
    kinds = [re.findall(r'circle class="(\w+)" .* r="([\d.]+)"', mark)[0] for mark in chart.marks]
    assert kinds == [("untested", "3"), ("full", "4.5"), ("hollow", "4.5")]
    assert [text for _, text in chart.keys][:2] == ["broken", "fixed"]
    untested = marks.flips(flips().assign(q_beyond=np.nan), words=("forgotten", "learnt"), average=0, alpha=0.05)
    assert "hollow" not in "".join([*untested.marks, *(mark for mark, _ in untested.keys)])


def test_intervals_begin_and_end_where_they_should() -> None:
    table = pd.DataFrame({"change": [-0.1, 0.05], "change_low": [-0.2, np.nan], "change_high": [0.0, np.nan]})
    chart = marks.intervals(table, average=-0.02, title="change", alpha=0.05, sure=pd.Series([True, False]))
    ends = re.findall(r'class="interval" x1="([\d.%]+)" x2="([\d.%]+)"', chart.marks[0])
    assert [share(end) for end in ends[0]] == pytest.approx([0, 20 / 25], abs=1e-3)
    assert "interval" not in chart.marks[1]  # no interval is known
    assert "hollow" in chart.marks[1]


def test_seed_noise_is_a_band_beside_the_dot() -> None:
    null = pd.DataFrame(
        {
            "members": [5], "null": [10.0], "null_low": [4.0], "null_high": [20.0], "matched": [30.0],
            "excess_low": [-12.0], "excess_high": [40.0],
        }
    )  # fmt: skip
    chart = marks.noise(null, lambda members: (f"{members} alone", f"{members} both"))
    [mark] = chart.marks
    [(start, width)] = re.findall(r'class="band" x="([\d.%]+)" width="([\d.]+)%"', mark)
    assert share(start) == pytest.approx(4 / 50, abs=1e-3)
    assert float(width) / (100 - 2 * EDGE) == pytest.approx(16 / 50, abs=1e-3)
    [ends] = re.findall(r'class="interval" x1="([\d.%]+)" x2="([\d.%]+)"', mark)
    assert [share(end) for end in ends] == pytest.approx([0, 1], abs=1e-3)  # no count is below 0
    assert chart.keys[0][1].startswith("5 alone")
