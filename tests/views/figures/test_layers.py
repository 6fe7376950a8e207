import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from scipy import stats

from lesion.views.figures import style
from lesion.views.figures.layers import checked, plot, tabulate


def table(layers: int) -> pd.DataFrame:
    count = np.arange(layers)
    return pd.DataFrame(
        {
            "layer": [f"blocks.{place}.conv" for place in count],
            "kind": "depthwise 3×3",
            "error": np.where(count == 1, np.nan, 0.01 * (count + 1)),
            "broken": count % 4,
            "broken_without": 7,
            "back": count % 3,
            "bytes": 400,
            "bytes_compressed": 100,
        }
    )


def path(*layers: str, suggested: int) -> pd.DataFrame:
    kept = np.arange(len(layers) + 1)
    return pd.DataFrame(
        {"kept": kept, "layer": [None, *layers], "bytes_share": 0.1 * kept, "suggested": kept == suggested}
    )


def check(broken: list[int], back: list[int], new: list[int]) -> pd.DataFrame:
    members = len(broken)
    other = {"set": "others", "member": range(members), "broken": broken, "back": back, "new": new}
    chosen = other | {"set": "chosen by", "back": broken}
    return pd.concat([pd.DataFrame(chosen), pd.DataFrame(other)], ignore_index=True)


def test_a_single_member_has_exact_statistics_of_the_other_images_alone() -> None:
    found = checked(check([21], [9], [2]))
    interval = stats.binomtest(9, 21).proportion_ci(method="exact")
    assert (found["back_low"], found["back_high"]) == pytest.approx((interval.low, interval.high))
    assert found["back_share"] == pytest.approx(9 / 21)
    assert found["p"] == pytest.approx(stats.binomtest(2, 11).pvalue)


def test_several_members_have_the_interval_of_their_mean_and_no_p() -> None:
    found = checked(check([20, 10, 5], [10, 4, 3], [1, 0, 2]))
    shares = np.array([0.5, 0.4, 0.6])
    low, high = stats.t.interval(0.95, 2, shares.mean(), stats.sem(shares))
    assert (found["back_low"], found["back_high"]) == pytest.approx((max(low, 0), min(high, 1)))
    assert (found["come_back"], found["new"]) == pytest.approx((17 / 3, 1))
    assert np.isnan(found["p"])


def test_nothing_broken_has_no_share() -> None:
    found = checked(check([0], [0], [0]))
    assert np.isnan([found["back_share"], found["back_low"], found["p"]]).all()


def test_layers_that_are_kept_up_to_the_suggested_point_have_their_place() -> None:
    steps = path("blocks.2.conv", "blocks.0.conv", "blocks.1.conv", suggested=2)
    numbers = tabulate({"int8": table(4)}, {"int8": steps}, {"int8": check([4], [2], [0])})
    assert numbers["place"].fillna(0).tolist() == [2, 0, 1, 0]
    assert set(numbers["kept"]) == {2}
    assert numbers["bytes_share"].to_numpy() == pytest.approx(0.2)


@pytest.mark.parametrize("layers", [3, 60, 100])
def test_a_panel_has_a_bar_for_each_layer_and_tells_what_the_check_found(layers: int) -> None:
    tables = {"int8": table(layers), "int4": table(layers)}
    paths = {"int8": path("blocks.1.conv", suggested=1), "int4": path(suggested=0)}
    checks = {"int8": check([21], [9], [2]), "int4": check([0], [0], [0])}
    drawing = plot(tabulate(tables, paths, checks))
    upper, other, lower, _ = drawing.axes
    bars = [bar for bar in upper.patches if isinstance(bar, Rectangle)]
    assert [bar.get_height() for bar in bars] == (np.arange(layers) % 4).tolist()
    assert len(lower.patches) == layers
    assert "keep 1 of" in upper.get_title()
    assert "9 of 21 broken answers come back (95 %: 22 to 66 %)" in upper.get_title()
    assert "no layer is suggested" in other.get_title()
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars].count(style.VERMILLION) == 1
