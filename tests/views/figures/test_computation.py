"""The figure of multiply-adds shows the tables, and says no more than the test tells."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.artifacts.tables import write_parquet
from lesion.audit.statistics.pie import SCHEMA
from lesion.params.figure import Figure
from lesion.views.figures import computation, style

SIZE = Figure(width=11.0, height=5.5, font_size=9.0)


def counted(adds: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"example_id": np.arange(len(adds)), "multiply_adds": adds, "share": adds / 1000})


def flags(pie: np.ndarray, *, labels: bool = True) -> pd.DataFrame:
    label = np.arange(len(pie)) % 3 if labels else [pd.NA] * len(pie)
    return pd.DataFrame({"example_id": np.arange(len(pie)), "label": pd.array(label, dtype="Int64"), "pie": pie})


def table(adds: np.ndarray, pie: np.ndarray, *, labels: bool = True) -> pd.DataFrame:
    return computation.tabulate({"x": counted(adds)}, {"x": flags(pie, labels=labels)}, seed=0, study="s")


RNG = np.random.default_rng(0)
PIE = np.arange(90) < 12
NOISE = RNG.integers(300, 400, 90).astype(float)


@pytest.mark.parametrize(
    ("adds", "pie", "said"),
    [
        (NOISE + 200 * PIE, PIE, "PIE get more than other images of their class"),
        (NOISE - 200 * PIE, PIE, "PIE get less than other images of their class"),
        (NOISE, PIE, "no difference told from chance"),
        (np.full(90, 400.0), PIE, "every image gets the same"),
        (NOISE, np.zeros(90, bool), "there are no PIE"),
        (NOISE, np.ones(90, bool), "no class has PIE and other images"),
    ],
)
@pytest.mark.parametrize("labels", [True, False])
def test_the_heading_says_what_the_test_tells(adds: np.ndarray, pie: np.ndarray, said: str, labels: bool) -> None:
    shown = table(adds, pie, labels=labels)
    assert len(shown) == 90
    with style.applied(SIZE):
        [axes] = computation.plot(shown).axes
    assert f"x, {int(pie.sum())} PIE: {said}" in axes.get_title()


def test_the_lines_are_the_shares_of_images_that_get_so_much_or_less() -> None:
    adds = NOISE + 30 * PIE
    with style.applied(SIZE):
        [axes] = computation.plot(table(adds, PIE)).axes
    for line, chosen in zip(axes.lines, (~PIE, PIE), strict=True):
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        for place in (330.0, 371.0):
            at = y[np.maximum(np.searchsorted(x, place / 10, side="right") - 1, 0)]  # the first is zero
            assert at == pytest.approx((adds[chosen] <= place).mean())


def test_the_step_reads_both_tables_and_writes_its_numbers(tmp_path: Path) -> None:
    known = flags(PIE)
    columns = {field.name: pa.nulls(len(PIE), field.type) for field in SCHEMA}
    columns |= {name: pa.array(known[name]).cast(SCHEMA.field(name).type) for name in known}
    for variant in ("x", "plain"):
        write_parquet(tmp_path / f"{variant}.parquet", pa.table(columns, schema=SCHEMA))
    write_csv(tmp_path / "x.csv", counted(NOISE))
    files = {name: tmp_path / name for name in ("svg", "pdf", "numbers")}
    pie = {variant: tmp_path / f"{variant}.parquet" for variant in ("x", "plain")}
    computation.draw(
        study="s", computation={"x": tmp_path / "x.csv"}, pie=pie, figure=SIZE, root_seed=0,
        svg=files["svg"], pdf=files["pdf"], numbers=files["numbers"],
    )  # fmt: skip
    written = read_csv(files["numbers"])
    np.testing.assert_array_equal(written["pie"], PIE)
    np.testing.assert_allclose(written[["effect", "p"]], table(NOISE, PIE)[["effect", "p"]].astype(float))


def test_the_numbers_are_the_same_each_time() -> None:
    pd.testing.assert_frame_equal(table(NOISE, PIE), table(NOISE, PIE))
