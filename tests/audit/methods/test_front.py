"""The table of costs, losses and the Pareto front."""

import numpy as np
import pandas as pd
import pytest

from lesion.audit.comparison.populations import Population
from lesion.audit.methods.front import fastest, right_and_kept, tabulate


def population(prediction: list[list[int]], label: list[int]) -> Population:
    said = np.array(prediction)
    return Population(np.arange(len(label)), np.arange(len(said)), np.array(label), said)


LABEL = [0, 1, 2, 0]
MEMBERS = {
    "dense": population([[0, 1, 2, 1], [0, 1, 0, 1], [0, 1, 2, 0]], LABEL),  # modal: 0, 1, 2, 1
    "small-dense-50": population([[0, 1, 0, 0], [0, 0, 2, 0]], LABEL),
    "gmp-50": population([[0, 0, 0, 0], [1, 0, 0, 0]], LABEL),
}
KNOWN = pd.DataFrame(
    {"parameters_left": [100.0, 10.0, 50.0], "multiply_adds": 1.0, "bytes_per_member": np.nan, "latency_ms": 2.0},
    index=list(MEMBERS),
)
COSTS = KNOWN.join([KNOWN.add_suffix("_low"), KNOWN.add_suffix("_high")])


@pytest.fixture
def table() -> pd.DataFrame:
    answers = right_and_kept(MEMBERS["dense"], MEMBERS, classes=3, ties="member")
    return tabulate(COSTS, answers, line="small-dense", alpha=0.05)


def of(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    chosen = (table["cost"] == "parameters_left") & (table["measure"] == measure)
    return table[chosen].set_index("variant")


def test_broken_are_the_right_answers_of_the_modal_label_that_a_member_gets_wrong(table: pd.DataFrame) -> None:
    broken = of(table, "broken")["value"]
    assert broken["dense"] == pytest.approx((0 + 1 + 0) / 9)  # the modal label is right on the first three examples
    assert broken["small-dense-50"] == pytest.approx(2 / 6)
    assert broken["gmp-50"] == pytest.approx((2 + 3) / 6)


def test_accuracy_is_the_mean_over_members(table: pd.DataFrame) -> None:
    assert of(table, "top1")["value"].to_dict() == pytest.approx(
        {"small-dense-50": 6 / 8, "gmp-50": 3 / 8, "dense": (3 + 2 + 4) / 12}
    )


def test_rows_are_by_cost_and_unknown_costs_are_left_out(table: pd.DataFrame) -> None:
    assert table["cost"].unique().tolist() == ["parameters_left", "multiply_adds", "latency_ms"]
    assert of(table, "top1").index.tolist() == ["small-dense-50", "gmp-50", "dense"]


def test_all_but_the_line_are_compared_with_it(table: pd.DataFrame) -> None:
    gain = of(table, "broken")["gain"]
    share = np.log(50 / 10) / np.log(100 / 10)
    assert gain["gmp-50"] == pytest.approx((2 / 6 + share * (1 / 9 - 2 / 6)) - 5 / 6)  # fewer broken is better
    assert gain[["dense", "small-dense-50"]].isna().all()


def test_latency_is_that_of_an_image_of_the_largest_batch_by_the_fastest_runtime() -> None:
    rows = [("dense", 8, 24.0), ("dense", 8, 16.0), ("dense", 1, 0.5), ("gmp-50", 8, 32.0)]
    timed = pd.DataFrame(rows, columns=["variant", "batch", "median_ms"])
    found = fastest(timed.assign(low_ms=timed["median_ms"] - 4, high_ms=timed["median_ms"] + 8))
    assert found["latency_ms"].to_dict() == {"dense": 2.0, "gmp-50": 4.0}
    assert found["latency_ms_low"].to_dict() == {"dense": 1.5, "gmp-50": 3.5}
    assert found["latency_ms_high"].to_dict() == {"dense": 3.0, "gmp-50": 5.0}
