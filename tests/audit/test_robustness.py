from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from lesion.artifacts.tables import ROBUSTNESS, write_parquet
from lesion.audit.robustness import Accuracies, read_accuracies, sensitivity
from lesion.errors import InputError

SHARDS = {"0-1": [0, 1], "2-4": [2, 3, 4]}
CONDITIONS = [("clean", 0), ("fog", 1), ("fog", 3), ("blur", 1), ("blur", 3), ("natural-adversarial", 0)]
IMAGES = {"clean": 60, "fog": 120, "blur": 120, "natural-adversarial": 60}  # each member saw, over severities


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, pd.DataFrame]:
    """Robustness of three variants, written below the current folder."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(11)
    frames = {}
    for variant in ("dense", "half", "small"):
        parts = []
        for shard, members in SHARDS.items():
            made = [
                (member, corruption, severity, label, correct, min(20, correct + 3), 20)
                for member in members
                for corruption, severity in CONDITIONS
                for label in range(3)
                for correct in [int(rng.integers(1, 21))]
            ]
            part = pd.DataFrame(made, columns=ROBUSTNESS.names)
            table = pa.Table.from_pandas(part, preserve_index=False).cast(ROBUSTNESS)
            write_parquet(Path(variant, f"{shard}.parquet"), table)
            parts.append(part)
        frames[variant] = pd.concat(parts)
    return frames


def read(variant: str) -> Accuracies:
    return read_accuracies([Path(variant, f"{shard}.parquet") for shard in SHARDS])


def test_accuracies_are_means_over_severities_and_members(rows: dict[str, pd.DataFrame]) -> None:
    found = read("half").mean
    assert found.index.tolist() == list(IMAGES)
    assert found["images"].to_dict() == IMAGES
    for score, count in (("top1", "correct"), ("top5", "correct_top5")):
        cells = rows["half"].groupby(["corruption", "severity", "member"])[[count, "total"]].sum()
        expected = (cells[count] / cells["total"]).groupby("corruption").mean()
        np.testing.assert_allclose(found[score], expected.loc[found.index], rtol=1e-12)


def test_sensitivity_is_the_drop_beyond_that_on_clean_images(rows: dict[str, pd.DataFrame]) -> None:
    accuracies = {variant: read(variant) for variant in rows}
    table = sensitivity(accuracies, design="auto")
    assert table["variant"].tolist() == ["half"] * 4 + ["small"] * 4
    for row in table.to_dict("records"):
        for score, count in (("top1", "correct"), ("top5", "correct_top5")):
            right = {
                (variant, corruption): frame.loc[frame["corruption"] == corruption, count].sum()
                for variant, frame in rows.items()
                for corruption in ("clean", row["corruption"])
            }
            drop = {
                name: (right[row["variant"], name] - right["dense", name]) / right["dense", name]
                for name in ("clean", row["corruption"])
            }
            here = drop[row["corruption"]]
            assert row[f"relative_{score}"] == pytest.approx(here, abs=1e-12)
            assert row[f"clean_relative_{score}"] == pytest.approx(drop["clean"], abs=1e-12)
            assert row[f"extra_{score}"] == pytest.approx(here - drop["clean"], abs=1e-12)
            assert row[f"dense_{score}"] == accuracies["dense"].mean.loc[row["corruption"], score]


def test_clean_images_and_dense_itself_are_no_extra(rows: dict[str, pd.DataFrame]) -> None:
    dense = read("dense")
    same = sensitivity({"dense": dense, "copy": dense}, design="auto")
    assert (same[["relative_top1", "extra_top1", "extra_top5"]] == 0).all(axis=None)
    other = sensitivity({"dense": dense, "half": read("half")}, design="auto")
    assert (other.loc[other["corruption"] == "clean", ["extra_top1", "extra_top5"]] == 0).all(axis=None)


def test_the_interval_is_that_of_the_delta_method_by_finite_differences(rows: dict[str, pd.DataFrame]) -> None:
    found = {variant: read(variant) for variant in rows}
    table = sensitivity(found, design="auto").set_index(["variant", "corruption"])
    cells = {
        variant: frame.groupby(["corruption", "member"])[["correct", "total"]].sum() for variant, frame in rows.items()
    }
    top1 = {variant: (each["correct"] / each["total"]).unstack() for variant, each in cells.items()}

    def extra(dense: pd.DataFrame, half: pd.DataFrame) -> float:
        ratio = half.mean(axis=1) / dense.mean(axis=1)
        return float(ratio["fog"] - ratio["clean"])

    parts = []
    for side in ("dense", "half"):
        influence = []
        for member in top1[side]:  # how the estimate moves with the weight of a member
            moved = top1[side] + 1e-6 * (top1[side][[member]].to_numpy() - top1[side].mean(axis=1).to_numpy()[:, None])
            influence.append((extra(**(top1_of(top1) | {side: moved})) - extra(**top1_of(top1))) / 1e-6)
        parts.append(np.var(influence, ddof=1) / 5)
    total = sum(parts)
    freedom = total**2 / sum(part**2 / 4 for part in parts)
    half_width = stats.t.ppf(0.975, freedom) * total**0.5
    row = table.loc[("half", "fog")]
    assert row["extra_top1_high"] - row["extra_top1"] == pytest.approx(half_width, rel=1e-3)
    assert row["extra_top1"] - row["extra_top1_low"] == pytest.approx(half_width, rel=1e-3)


def top1_of(top1: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name: top1[name] for name in ("dense", "half")}


def test_pairs_that_change_alike_leave_no_doubt_and_single_members_no_interval(rows: dict[str, pd.DataFrame]) -> None:
    dense = read("dense")
    worse = Accuracies(dense.mean.assign(top1=0.9 * dense.mean["top1"]), 0.9 * dense.top1, origins=(1, 2, 3, 4, 5))
    related = {"dense": replace(dense, origins=(1, 2, 3, 4, 5)), "worse": worse}
    pairs, as_in_the_paper = (sensitivity(related, design=design) for design in ("auto", "independent"))
    unlike = {"dense": dense, "worse": worse}
    independent, asked_for = (sensitivity(unlike, design=design) for design in ("auto", "paired"))
    pd.testing.assert_frame_equal(pairs, asked_for)
    pd.testing.assert_frame_equal(independent, as_in_the_paper)
    for table, some in ((pairs, False), (independent, True)):
        width = (table["extra_top1_high"] - table["extra_top1_low"])[table["corruption"] != "clean"]
        assert (width > 1e-9).all() == some
    with pytest.raises(InputError, match="pairs need as many"):
        sensitivity({"dense": dense, "few": Accuracies(dense.mean, dense.top1[:, :2])}, design="paired")
    single = Accuracies(dense.mean, dense.top1[:, :1])
    assert sensitivity({"dense": single, "other": single}, design="auto")["extra_top1_low"].isna().all()
