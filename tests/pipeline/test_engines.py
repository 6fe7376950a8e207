"""Both engines make the same files by the same commands, and each accepts what the other has made."""

import pytest

from tests.pipeline.described import by_dvc, by_snakemake
from tests.pipeline.project import Project

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("engines")]


def test_both_engines_make_the_same_bytes(run_by_snakemake: Project, run_by_dvc: Project) -> None:
    one, other = run_by_snakemake.results(), run_by_dvc.results()
    assert sorted(one) == sorted(other)
    assert [name for name in one if one[name] != other[name]] == []


def test_nothing_to_do_after_snakemake_and_commit(run_by_snakemake: Project) -> None:
    assert run_by_snakemake.snakemake_plan() == set()
    assert run_by_snakemake.dvc_plan() == set()


def test_nothing_to_do_after_dvc(run_by_dvc: Project) -> None:
    assert "up to date" in run_by_dvc.run("dvc", "status").stdout
    assert run_by_dvc.snakemake_plan() == set()


def test_adopted_by_snakemake_a_change_is_noticed(run_by_dvc: Project) -> None:
    run_by_dvc.run("lesion", "adopt", "snakemake")
    assert run_by_dvc.snakemake_plan() == set()
    params = run_by_dvc.params()
    params["audit"]["impact"]["alpha"] = 0.01
    with run_by_dvc.with_params(params):
        assert "results/digits/impact/gmp-50.csv" in run_by_dvc.snakemake_plan()


def test_adopting_is_refused_while_the_other_engine_has_work(scratch: Project) -> None:
    params = scratch.params()
    params["audit"]["impact"]["alpha"] = 0.01
    with scratch.with_params(params):
        for engine in ("dvc", "snakemake"):
            refused = scratch.run("lesion", "adopt", engine, check=False)
            assert refused.returncode == 2
            assert "has work left" in refused.stderr
            assert len(refused.stderr.splitlines()) == 1


def test_same_commands_inputs_and_params(run_by_snakemake: Project) -> None:
    """Parity of the two descriptions: {outputs: (command, inputs)}; the versions are checked on the way."""
    assert by_snakemake(run_by_snakemake) == by_dvc(run_by_snakemake)


def test_a_failing_node_shows_its_log_and_the_rest_goes_on(scratch: Project) -> None:
    checkpoint = scratch.folder / "results/digits/checkpoints/gmp-50/0-3.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    for variant in ("gmp-50", "int8-static"):
        (scratch.folder / f"results/digits/predictions/{variant}/0-3.parquet").unlink()
    failed = scratch.run("snakemake", "--cores", "2", "--rerun-triggers", "mtime", check=False)
    assert failed.returncode == 1
    assert "0-3.safetensors: not a readable checkpoint" in failed.stdout + failed.stderr
    assert not (scratch.folder / "results/digits/predictions/gmp-50/0-3.parquet").exists()
    assert (scratch.folder / "results/digits/predictions/int8-static/0-3.parquet").exists()


def test_metrics_and_plots(run_by_snakemake: Project) -> None:
    assert "gmp-50" in run_by_snakemake.run("dvc", "metrics", "show").stdout
    shown = run_by_snakemake.run("dvc", "plots", "show").stdout
    page = run_by_snakemake.folder / "dvc_plots" / "index.html"
    assert str(page) in shown
    assert "counts.svg" in page.read_text()
