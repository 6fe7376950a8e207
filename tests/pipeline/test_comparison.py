"""The comparison of methods: a target of its own, and a part of the default one where params.yaml says so."""

import pandas as pd
import pytest

from tests.pipeline.described import by_dvc, by_snakemake
from tests.pipeline.project import Project

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("comparison")]

STUDY = "results/digits-catalogue"
MADE = {f"{STUDY}/comparison/comparison.csv", f"{STUDY}/figures/comparison.csv"}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The comparison of two variants in the tiny study, run by Snakemake, and recorded by DVC."""
    project = Project.copy(tmp_path_factory.mktemp("comparison"))
    project.run("snakemake", "--cores", "2", "comparison")
    params = project.params()
    params["active"]["comparisons"] = ["digits-catalogue"]
    project.write_params(params)
    project.run("dvc", "repro", "--quiet", "versions")
    project.run("dvc", "commit", "--force", "--with-deps", "figure-comparison@digits-catalogue")
    return project


def plans(project: Project) -> tuple[set[str], set[str]]:
    """What each engine would run of the comparison."""
    planned = {name for name in project.dvc_plan() if name.startswith(STUDY)}
    return project.snakemake_plan("comparison"), planned


def test_table_ranking_and_figure_are_made_and_nothing_else(compared: Project) -> None:
    names = {name for name in compared.results() if not name.startswith("results/.resume")}
    assert all(name.startswith(f"{STUDY}/") for name in names)
    assert {name.split("/")[2] for name in names} == {"data", "checkpoints", "predictions", "comparison", "figures"}
    table = pd.read_csv(compared.folder / STUDY / "comparison/comparison.csv")
    assert table["variant"].tolist() == ["dense", "gmp-50", "gmp-90"]
    assert set(table["members"]) == {4}
    ranking = pd.read_csv(compared.folder / STUDY / "comparison/ranking.csv")
    assert {"sparsity", "accuracy_drop"} >= set(ranking["basis"])
    assert ranking.loc[ranking["basis"] == "sparsity", "method"].tolist() == ["gmp"] * 3


def test_nothing_to_do_afterwards(compared: Project) -> None:
    assert plans(compared) == (set(), set())


def test_a_change_re_runs_what_is_downstream_of_it(compared: Project) -> None:
    params = compared.params()
    params["comparison"]["resamples"] = 5
    with compared.with_params(params):
        assert plans(compared) == (MADE, MADE)
    params = compared.params()
    params["comparison"]["families"] = [{"name": "pruned", "methods": ["gmp"]}]
    with compared.with_params(params):
        figure = {f"{STUDY}/figures/comparison.csv"}
        assert plans(compared) == (figure, figure)


def test_another_variant_trains_that_one_alone(compared: Project) -> None:
    params = compared.params()
    params["comparison"]["trained"].append("gmp-70")
    with compared.with_params(params):
        population = {f"{STUDY}/checkpoints/gmp-70/0-3.safetensors", f"{STUDY}/predictions/gmp-70/0-3.parquet"}
        assert plans(compared) == (population | MADE, population | MADE)


def test_the_default_target_has_it_where_it_is_active(compared: Project) -> None:
    made, stages = by_snakemake(compared), by_dvc(compared)
    assert made == stages
    commands = {command for command, _ in made.values()}
    assert "lesion comparison --study digits-catalogue" in commands
    assert "lesion figure --study digits-catalogue --figure comparison" in commands
    assert "lesion figure --study digits --figure comparison" not in commands
    assert "lesion train --study digits-catalogue --variant gmp-90 --shard 0-3" in commands
    assert not any("robustness" in command or "gallery" in command for command in commands if "catalogue" in command)


def test_the_front_is_found_where_variants_are_timed(compared: Project) -> None:
    params = compared.params()
    params["studies"]["digits-catalogue"]["latency"] = {"batches": [1], "threads": 1, "repeats": 3, "warmup": 0}
    with compared.with_params(params):
        made, stages = by_snakemake(compared), by_dvc(compared)
    assert made == stages
    commands = {command for command, _ in made.values()}
    assert {"lesion latency --study digits-catalogue", "lesion front --study digits-catalogue"} <= commands
    assert "lesion figure --study digits-catalogue --figure front" in commands


def test_derived_variants_are_compressed(compared: Project) -> None:
    params = compared.params()
    params["comparison"] |= {"derived": ["int8-static"]}
    params["comparison"]["families"].append({"name": "quantised", "methods": ["int8-static"]})
    with compared.with_params(params):
        made, stages = by_snakemake(compared), by_dvc(compared)
    assert made == stages
    compress = "lesion compress --study digits-catalogue --variant int8-static --shard 0-3"
    assert compress in {command for command, _ in made.values()}
