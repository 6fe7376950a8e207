from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesion.artifacts.tables import PREDICTIONS, read_parquet, write_parquet
from lesion.audit.comparison.populations import read_population
from lesion.audit.statistics.pie import SCHEMA as PIE
from lesion.errors import InputError
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.pie_accuracy import DRAWS, draw, plot, read_flags, sample_weights, tabulate
from tests.views.synthetic import Study


def table_of(study: Study, variants: list[str]) -> pd.DataFrame:
    dense = read_population(study.predictions["dense"])
    compressed = {variant: read_population(study.predictions[variant]) for variant in variants}
    pie = {variant: read_flags(study.statistic("pie")[variant], dense) for variant in variants}
    return tabulate(dense, compressed, pie, seed=3)


def test_numbers_are_those_of_a_plain_loop(study: Study) -> None:
    variant = "gmp-90"
    table = table_of(study, [variant]).set_index(["population", "subset"])
    graded = read_parquet(study.statistic("pie")[variant], PIE).to_pandas()
    pie = set(graded.loc[graded["pie"], "example_id"])
    assert pie
    for side, name in (("dense", "dense"), ("compressed", variant)):
        files = study.predictions[name]
        rows = pd.concat(read_parquet(path, PREDICTIONS).to_pandas() for path in files).to_dict("records")
        for subset in ("pie", "all but pie", "all"):
            shown = [row for row in rows if subset == "all" or (row["example_id"] in pie) == (subset == "pie")]
            for score in ("top1", "top5"):
                right: dict[int, list[bool]] = {}
                for row in shown:
                    hit = row["label"] == row["prediction"] if score == "top1" else row["correct_top5"]
                    right.setdefault(row["member"], []).append(hit)
                each = [sum(hits) / len(hits) for hits in right.values()]
                assert table.loc[(side, subset), score] == pytest.approx(np.mean(each))
                assert table.loc[(side, subset), f"{score}_sd"] == pytest.approx(np.std(each, ddof=1))
            assert table.loc[(side, subset), "images"] == len({row["example_id"] for row in shown})


def test_samples_hold_as_many_images_as_there_are_pie() -> None:
    weights = sample_weights(50, 7, np.random.default_rng(0))
    assert weights.sum() == 7 * DRAWS
    assert weights.max() <= DRAWS  # without replacement
    assert (sample_weights(50, 50, np.random.default_rng(0)) == DRAWS).all()
    again = np.random.default_rng(0)
    drawn = [again.choice(50, 7, replace=False) for _ in range(DRAWS)]
    assert np.array_equal(weights, np.bincount(np.concatenate(drawn), minlength=50))


def test_a_variant_does_not_depend_on_the_others(study: Study) -> None:
    both = table_of(study, ["gmp-50", "gmp-90"])
    alone = table_of(study, ["gmp-90"])
    assert both[both["variant"] == "gmp-90"].reset_index(drop=True).equals(alone)


def test_other_ids_in_the_pie_table_are_told(study: Study, tmp_path: Path) -> None:
    dense = read_population(study.predictions["dense"])
    graded = read_parquet(study.statistic("pie")["gmp-90"], PIE)
    write_parquet(tmp_path / "gmp-90.parquet", graded.slice(1))
    with pytest.raises(InputError, match=r"gmp-90\.parquet: has other example ids"):
        read_flags(tmp_path / "gmp-90.parquet", dense)


def test_no_pie_has_no_row_and_says_so(study_without_pie: Study, tmp_path: Path) -> None:
    figure = Figure(width=8, height=5, font_size=8)
    draw(**study_without_pie.arguments("pie-accuracy", tmp_path), figure=figure)
    table = pd.read_csv(tmp_path / "pie-accuracy.csv")
    assert set(table["subset"]) == {"all", "all but pie"}
    assert "<!-- no PIE -->" in (tmp_path / "pie-accuracy.svg").read_text()


def test_a_single_member_has_no_spread_and_predictions_from_files_no_top5(every_kind: Study) -> None:
    (name,) = every_kind.made.external
    table = table_of(every_kind, [name]).set_index(["population", "subset"])
    theirs = table.loc["compressed"]
    assert theirs["top1"].notna().all()
    assert theirs[["top1_sd", "top5", "top5_sd"]].isna().all(axis=None)
    assert table.loc["dense", "top5_sd"].notna().all()


def test_no_variant_is_said_to_be_so(study: Study) -> None:
    with style.applied(Figure(width=8, height=5, font_size=8)):
        drawing = plot(table_of(study, []))
    assert drawing.texts[-1].get_text() == style.NO_VARIANT
