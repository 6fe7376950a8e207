import re

import numpy as np
import pandas as pd
import pytest

from lesion.views.page import lost
from lesion.views.page.plane import LEFT, SPAN, TOP, Axis, Plane
from lesion.views.page.scale import Scale
from tests.views.page.test_audit import Reader


def table(**known: object) -> pd.DataFrame:
    rows = {
        "name": ["int8", "<b>int4"],
        "change": [0.005, -0.03],
        "change_low": [-0.001, -0.045],
        "change_high": [0.011, -0.02],
        "worst_class_change": [-0.001, -0.064],
        "worst_class_low": [-0.018, -0.094],
        "worst_class_high": [0.015, -0.034],
    }
    return pd.DataFrame(rows | known)


def circles(figure: str) -> list[tuple[float, float]]:
    found = re.findall(r'<circle class="full" cx="([\d.]+)" cy="([\d.]+)"', figure)
    return [(float(left), float(top)) for left, top in found]


@pytest.mark.parametrize("log", [True, False])
def test_a_plane_is_linear_in_values_or_their_logarithms(log: bool) -> None:
    ends = (0.1, 1000.0)
    axis = Axis(Scale(*(np.log10(ends) if log else ends)), "x", log)
    plane = Plane(axis, Axis(Scale(-1, 3), "y"))
    assert plane.at(0.1, -1) == pytest.approx((LEFT, TOP + SPAN), abs=0.1)
    assert plane.at(1000, 3) == pytest.approx((LEFT + SPAN, TOP), abs=0.1)
    middle = 10 if log else 500.05
    assert plane.at(middle, 1) == pytest.approx((LEFT + SPAN / 2, TOP + SPAN / 2), abs=0.1)
    assert all(0 <= axis.share(tick) <= 1 for tick in axis.ticks())
    assert len(axis.ticks()) > 3


def test_losses_grow_upwards_and_names_are_escaped() -> None:
    figure = lost.figure(table(), pd.DataFrame({"name": []}), None)
    [(x8, y8), (x4, y4)] = circles(figure)
    assert x4 > x8
    assert y4 < y8
    assert "&lt;b&gt;int4" in figure
    reader = Reader()
    reader.feed(figure)
    assert reader.open == []
    assert "b" not in reader.tags


def test_over_a_fact_a_candidate_without_it_is_left_out() -> None:
    facts = pd.DataFrame({"name": ["dense", "int8", "<b>int4"], "size": [4.0, 2.0, np.nan], "ms": [3.0, 2.0, 100.0]})
    assert len([one for one in circles(lost.figure(table(), facts, "size")) if one]) == 1
    [(fast, _), (slow, _)] = circles(lost.figure(table(), facts, "ms"))
    share = (np.log10(100) - np.log10(2)) / (np.log10(100) - np.log10(2)) / (1 + 2 * lost.ROOM)  # far apart: logarithms
    assert slow - fast == pytest.approx(SPAN * share, abs=0.3)


def test_without_intervals_or_classes_the_points_stand() -> None:
    nothing = dict.fromkeys(["change_low", "change_high", "worst_class_change", "worst_class_low", "worst_class_high"])
    bare = table(**{name: [np.nan, np.nan] for name in nothing})
    facts = pd.DataFrame({"name": ["int8", "<b>int4"], "size": [2.0, 2.0]})
    figure = lost.figure(bare, facts, "size")
    assert len(circles(figure)) == 2
    assert "nan" not in figure
