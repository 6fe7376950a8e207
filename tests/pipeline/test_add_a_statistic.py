"""The examples of docs/ADD_A_STATISTIC.md, as they stand there, in both engines, `lesion audit` and `lesion.Audit`."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.added import BY_PATH, OF_NODE, STATISTIC
from tests.pipeline.project import Project

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("statistic")]

STUDY, SHARD, COLUMN = "results/digits", "0-3", "brier_score_change"
VARIANTS = ("gmp-50", "int8-static", "gmp-50-int8", "elsewhere")
KNOWN = ("gmp-50", "int8-static", "gmp-50-int8")  # `elsewhere` is a file of labels, without probabilities
TABLES = {f"{STUDY}/brier-score/{variant}.csv" for variant in VARIANTS}
SUMMARY = {f"{STUDY}/summary.csv", f"{STUDY}/summary.json"}
OF_STATISTIC = TABLES | {f"{STUDY}/summary.csv"} | {f"{STUDY}/figures/{name}.csv" for name in ("counts", "size")}
OF_NODE_ALONE = {f"{STUDY}/member-scores.csv"}


@pytest.fixture(scope="module")
def finished(run_by_snakemake: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The finished study before anything is added."""
    return run_by_snakemake.duplicate(tmp_path_factory.mktemp("statistic") / "finished")


@pytest.fixture(scope="module")
def with_statistic(finished: Project) -> Project:
    """The finished study and the module of the statistic, nothing run; dvc.yaml is as it was."""
    project = finished.duplicate(finished.folder.parent / "with-statistic")
    BY_PATH[STATISTIC].write(project.folder)
    return project


@pytest.fixture(scope="module")
def with_node(finished: Project) -> Project:
    """The finished study, the statistic and the node, and dvc.yaml written anew."""
    project = finished.duplicate(finished.folder.parent / "with-node")
    for block in (BY_PATH[STATISTIC], *OF_NODE):
        block.write(project.folder)
    project.run("lesion", "dvc")
    return project


@pytest.fixture(scope="module")
def by_snakemake(with_node: Project) -> Project:
    project = with_node.duplicate(with_node.folder.parent / "by-snakemake")
    project.run("snakemake", "--cores", "2")
    return project


@pytest.fixture(scope="module")
def by_dvc(with_node: Project) -> Project:
    project = with_node.duplicate(with_node.folder.parent / "by-dvc")
    project.run("dvc", "repro")
    return project


def changed_files(project: Project) -> set[str]:
    """The paths that `git status` lists."""
    return {line[3:] for line in project.run("git", "status", "--porcelain", "-uall").stdout.splitlines()}


def mean_scores(project: Project, variant: str) -> "pd.Series[float]":
    """Member → mean of (1 − p)², from the predictions, in a loop."""
    table = pd.read_parquet(project.folder / f"{STUDY}/predictions/{variant}/{SHARD}.parquet")
    wrong = [(1.0 - float(probability)) ** 2 for probability in table["true_probability"]]
    return pd.Series(wrong).groupby(table["member"].to_numpy()).mean()


def expected_changes(project: Project) -> list[float]:
    dense = mean_scores(project, "dense").mean()
    return [mean_scores(project, variant).mean() - dense for variant in KNOWN]


def test_nothing_to_do_before(finished: Project) -> None:
    assert finished.snakemake_plan() == set()
    assert finished.dvc_plan() == set()


def test_both_engines_plan_the_statistic_and_what_reads_it(with_statistic: Project) -> None:
    refused = with_statistic.run("dvc", "repro", "versions", check=False)
    assert refused.returncode != 0
    assert "`lesion dvc` writes it anew" in refused.stdout + refused.stderr
    with_statistic.run("lesion", "dvc")
    assert changed_files(with_statistic) == {STATISTIC, "dvc.yaml"}
    assert with_statistic.snakemake_plan() == OF_STATISTIC
    assert with_statistic.dvc_plan() == OF_STATISTIC


def test_both_engines_plan_the_node_beside_it_and_no_other(with_node: Project) -> None:
    assert len(OF_NODE) == 4
    assert changed_files(with_node) == {STATISTIC, "dvc.yaml", *(block.path for block in OF_NODE)}
    assert with_node.snakemake_plan() == OF_STATISTIC | OF_NODE_ALONE
    assert with_node.dvc_plan() == OF_STATISTIC | OF_NODE_ALONE


def test_both_engines_make_the_same_bytes_and_nothing_else_anew(
    finished: Project, by_snakemake: Project, by_dvc: Project
) -> None:
    before, one, other = finished.results(), by_snakemake.results(), by_dvc.results()
    assert one == other
    assert set(one) - set(before) == TABLES | OF_NODE_ALONE
    assert {name for name in before if before[name] != one[name]} == SUMMARY
    assert by_snakemake.snakemake_plan() == set()
    assert "up to date" in by_dvc.run("dvc", "status").stdout


def test_the_summary_and_the_tables_hold_the_changes(by_snakemake: Project) -> None:
    summary = pd.read_csv(by_snakemake.folder / STUDY / "summary.csv").set_index("variant")[COLUMN]
    expected = expected_changes(by_snakemake)
    assert np.abs(expected).min() > 0
    assert summary[[*KNOWN]].tolist() == pytest.approx(expected, abs=1e-12)
    assert summary[["dense", "elsewhere"]].isna().all()
    tables = {path: pd.read_csv(by_snakemake.folder / path) for path in TABLES}
    assert {path for path, table in tables.items() if table.empty} == {f"{STUDY}/brier-score/elsewhere.csv"}
    for variant in KNOWN:
        [row] = tables[f"{STUDY}/brier-score/{variant}.csv"].to_dict("records")
        scores = [mean_scores(by_snakemake, name).mean() for name in ("dense", variant)]
        assert [row["dense"], row["compressed"]] == pytest.approx(scores, abs=1e-12)


def test_the_node_holds_the_score_of_each_member(by_snakemake: Project) -> None:
    found = pd.read_csv(by_snakemake.folder / STUDY / "member-scores.csv")
    assert list(dict.fromkeys(found["variant"])) == ["dense", *KNOWN]
    for variant, rows in found.groupby("variant"):
        expected = mean_scores(by_snakemake, str(variant))
        assert rows["member"].tolist() == expected.index.tolist()
        assert rows["brier_score"].tolist() == pytest.approx(expected.tolist(), abs=1e-12)


def test_the_report_shows_the_node(by_snakemake: Project) -> None:
    by_snakemake.run("snakemake", "--report", "report.html")
    assert "The Brier score of every member in study" in (by_snakemake.folder / "report.html").read_text()


PYTHON = """
import sys
import lesion
audit = lesion.Audit(splits=2, resamples=2).fit(*(lesion.read_predictions(path) for path in sys.argv[1:3]))
audit.brier_score_.to_csv(sys.argv[3], index=False)
"""


def test_the_audit_of_files_says_the_same(by_snakemake: Project, tmp_path: Path) -> None:
    dense, compressed = (f"{STUDY}/predictions/{variant}/{SHARD}.parquet" for variant in ("dense", "gmp-50"))
    out = tmp_path / "audit"
    sides = ("--dense", dense, "--compressed", compressed)
    by_snakemake.run("lesion", "audit", *sides, "--out", str(out), "--splits", "2", "--resamples", "2")
    by_snakemake.run("python", "-c", PYTHON, dense, compressed, str(tmp_path / "python.csv"))
    expected = pd.read_csv(by_snakemake.folder / f"{STUDY}/brier-score/gmp-50.csv")
    for path in (out / "brier_score.csv", tmp_path / "python.csv"):
        pd.testing.assert_frame_equal(pd.read_csv(path), expected)
    summary = pd.read_csv(out / "summary.csv").set_index("variant")
    assert summary.loc["compressed", COLUMN] == expected["change"][0]
    page = (out / "index.html").read_text(encoding="utf-8")
    before, after = (mean_scores(by_snakemake, variant).mean() for variant in ("dense", "gmp-50"))
    assert f"The Brier score of the true class goes from {before:.3f} to {after:.3f}; lower is better." in page
    assert "Compare the Brier score of the true class." in page
