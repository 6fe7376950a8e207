from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.artifacts import paths
from lesion.artifacts.tables import PIE, PREDICTIONS, read_parquet, write_parquet
from lesion.audit.comparison.populations import read_population
from lesion.errors import InputError
from lesion.params.figure import Figure
from lesion.views.figures.pie_accuracy import DRAWS, draw, numbers, read_flags, sample_weights


def table_of(study: dict[str, Any], variants: list[str]) -> pd.DataFrame:
    dense = read_population(study["study"], "dense", study["shards"])
    compressed = {variant: read_population(study["study"], variant, study["shards"]) for variant in variants}
    pie = {variant: read_flags(study["study"], variant, dense) for variant in variants}
    return numbers(dense, compressed, pie, seed=3)


def test_numbers_are_those_of_a_plain_loop(study: dict[str, Any]) -> None:
    variant = "gmp-90"
    table = table_of(study, [variant]).set_index(["population", "subset"])
    graded = read_parquet(paths.pie(study["study"], variant), PIE).to_pandas()
    pie = set(graded.loc[graded["pie"], "example_id"])
    assert pie
    for side, name in (("dense", "dense"), ("compressed", variant)):
        files = [paths.predictions(study["study"], name, shard) for shard in study["shards"]]
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


def test_a_variant_does_not_depend_on_the_others(study: dict[str, Any]) -> None:
    both = table_of(study, ["gmp-50", "gmp-90"])
    alone = table_of(study, ["gmp-90"])
    assert both[both["variant"] == "gmp-90"].reset_index(drop=True).equals(alone)


def test_other_ids_in_the_pie_table_are_told(study: dict[str, Any], tmp_path: Any, monkeypatch: Any) -> None:
    dense = read_population(study["study"], "dense", study["shards"])
    graded = read_parquet(paths.pie(study["study"], "gmp-90"), PIE)
    monkeypatch.chdir(tmp_path)
    write_parquet(paths.pie(study["study"], "gmp-90"), graded.slice(1))
    with pytest.raises(InputError, match=r"gmp-90\.parquet: has other example ids"):
        read_flags(study["study"], "gmp-90", dense)


def test_no_pie_has_no_row_and_says_so(study_without_pie: dict[str, Any]) -> None:
    draw(**study_without_pie, figure=Figure(width=8, height=5, font_size=8), root_seed=1)
    table = pd.read_csv(paths.figure(study_without_pie["study"], "pie-accuracy", "csv"))
    assert set(table["subset"]) == {"all", "all but pie"}
    assert "<!-- no PIE -->" in paths.figure(study_without_pie["study"], "pie-accuracy", "svg").read_text()
