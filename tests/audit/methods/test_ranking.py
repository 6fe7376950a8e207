import pandas as pd
import pytest

from lesion.audit.methods.ranking import rank
from lesion.params.comparison import Ranking

NULL_PIE, NULL_FORGOTTEN, DENSE = 10.0, 4.0, 0.97
VARIANTS = [  # method, sparsity, top1, forgotten, significant classes; not in order of sparsity
    ("gmp", 0.9, 0.91, 50, 5),
    ("gmp", 0.5, 0.96, 20, 1),
    ("rigl", 0.51, 0.96, 18, 2),
    ("rigl", 0.91, 0.90, 40, 4),
    ("snip", 0.3, 0.95, 30, 2),
    ("snip", 0.47, 0.90, 60, 3),
    ("obd", 0.5, 0.94, 25, 3),
    ("tied", 0.5, 0.96, 20, 1),
    ("tied", 0.9, 0.96, 60, 0),
    ("calm", 0.7, 0.968, 9, 0),
    ("calm", 0.95, 0.965, 12, 0),
]
COLUMNS = ["rank", "method", "forgotten", "excess_forgotten", "significant_classes", "top1", "sparsity", "note"]


def table() -> pd.DataFrame:
    rows: list[tuple[object, ...]] = [("dense", "dense", 0.0, DENSE, None, None)]
    rows += [(f"{row[0]}-{round(100 * row[1])}", *row) for row in VARIANTS]
    made = pd.DataFrame(rows, columns=["variant", "method", "sparsity", "top1", "forgotten", "significant_classes"])
    made = made.astype({"forgotten": "Int64", "significant_classes": "Int64"})
    forgotten = made["forgotten"].astype(float)
    return made.assign(
        null_pie=NULL_PIE, null_forgotten=NULL_FORGOTTEN, excess_forgotten=forgotten - NULL_FORGOTTEN,
        pie=1000 - forgotten, excess_pie=990 - forgotten,
    )  # fmt: skip


def ranked(**levels: list[float]) -> pd.DataFrame:
    return rank(table(), Ranking(**({"sparsities": [], "accuracy_drops": []} | levels)))


def assert_rows(found: pd.DataFrame, expected: list[tuple[object, ...]]) -> None:
    frame = pd.DataFrame(expected, columns=COLUMNS).astype({"rank": "Int64"})
    pd.testing.assert_frame_equal(found[COLUMNS].reset_index(drop=True), frame, check_dtype=False)


def test_at_equal_sparsity() -> None:
    found = ranked(sparsities=[0.7])  # snip does not reach there, obd has a single variant
    share = (0.7 - 0.51) / 0.4
    assert set(zip(found["basis"], found["at"], strict=True)) == {("sparsity", 0.7)}
    calm = (1, "calm", 9.0, 5.0, 0.0, 0.968, 0.7, "")
    rigl = (2, "rigl", 18 + 22 * share, 14 + 22 * share, 2 + 2 * share, 0.96 - 0.06 * share, 0.7, "")
    gmp = (3, "gmp", 35.0, 31.0, 3.0, 0.935, 0.7, "")
    tied = (4, "tied", 40.0, 36.0, 0.5, 0.96, 0.7, "")
    assert_rows(found, [calm, rigl, gmp, tied])


def test_a_level_just_outside_of_what_a_method_reaches_takes_its_nearest_variant_and_equals_share_a_rank() -> None:
    found = ranked(sparsities=[0.5])
    rigl = (1, "rigl", 18.0, 14.0, 2.0, 0.96, 0.51, "")
    equal = [(2, name, 20.0, 16.0, 1.0, 0.96, 0.5, "") for name in ("gmp", "tied")]
    assert_rows(found, [rigl, *equal])
    assert set(ranked(sparsities=[0.48])["method"]) == {"gmp", "snip", "tied"}  # rigl begins 3 points later


@pytest.mark.parametrize("name", ["sparsity", "excess_forgotten", "significant_classes"])
def test_a_variant_of_which_too_little_is_known_is_left_out(name: str) -> None:
    known = table()
    unknown = known.copy()
    unknown.loc[unknown["variant"] == "rigl-91", name] = None
    levels = Ranking(sparsities=[0.7, 0.5], accuracy_drops=[0.02])
    expected = rank(known[known["variant"] != "rigl-91"], levels)
    pd.testing.assert_frame_equal(rank(unknown, levels), expected, check_dtype=False)


def test_equally_many_forgotten_are_ranked_by_classes() -> None:
    made = table()
    made.loc[made["variant"] == "tied-50", "significant_classes"] = 0
    found = rank(made, Ranking(sparsities=[0.5], accuracy_drops=[]))
    assert found[["rank", "method"]].to_numpy().tolist() == [[1, "rigl"], [2, "tied"], [3, "gmp"]]


def test_at_equal_accuracy() -> None:
    found = ranked(accuracy_drops=[0.02])
    expected: list[tuple[object, ...]] = [
        (1, "obd", 4 + 21 * 2 / 3, 21 * 2 / 3, 3 * 2 / 3, 0.95, 0.5 * 2 / 3, ""),  # from dense to its only variant
        (2, "rigl", 18 + 22 / 6, 14 + 22 / 6, 2 + 2 / 6, 0.95, 0.51 + 0.4 / 6, ""),
        (3, "gmp", 20 + 30 / 5, 16 + 30 / 5, 1 + 4 / 5, 0.95, 0.5 + 0.4 / 5, ""),
        (4, "snip", 30.0, 26.0, 2.0, 0.95, 0.3, ""),
        *((None, name, *[None] * 5, "stays above") for name in ("calm", "tied")),
    ]
    assert_rows(found, expected)


def test_a_curve_is_read_where_it_first_falls() -> None:
    made = table()
    again = made[made["variant"] == "gmp-90"].assign(variant="gmp-95", sparsity=0.95, top1=0.96, forgotten=1)
    found = rank(pd.concat([made, again]), Ranking(sparsities=[], accuracy_drops=[0.02]))
    assert found.set_index("method").loc["gmp", "forgotten"] == pytest.approx(26)


def test_between_dense_and_the_first_variant_counts_begin_with_seed_noise() -> None:
    found = ranked(accuracy_drops=[0.0001]).set_index("method")
    assert found.loc["gmp", "forgotten"] == pytest.approx(NULL_FORGOTTEN + 0.01 * (20 - NULL_FORGOTTEN))
    assert found.loc["gmp", "pie"] == pytest.approx(NULL_PIE + 0.01 * (980 - NULL_PIE))
    assert found.loc["gmp", "sparsity"] == pytest.approx(0.01 * 0.5)
    assert found.loc["obd", "significant_classes"] == pytest.approx(3 / 300)


def test_without_levels_or_reach_there_is_nothing() -> None:
    assert ranked().empty
    assert ranked(sparsities=[0.999]).empty
    assert list(ranked().columns) == list(ranked(sparsities=[0.5]).columns)
