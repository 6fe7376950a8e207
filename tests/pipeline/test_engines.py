"""Both engines make the same files by the same commands, and each accepts what the other has made."""

import re

import pytest

from lesion.steps import keys
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
    """Parity of the two descriptions: {output: (command, inputs, params)}; a folder of DVC is taken for its files."""
    text = run_by_snakemake.run("snakemake", "--dry-run", "--forceall", "--printshellcmds").stdout
    jobs = {}
    for job in re.split(r"\n(?=(?:local)?rule )", text):
        outputs = re.search(r"^    output: (.+)$", job, flags=re.MULTILINE)
        command = re.search(r"^(?:Shell command: )?(lesion .+?) 2> ", job, flags=re.MULTILINE)
        if outputs is None or command is None:
            continue
        inputs = re.search(r"^    input: (.+)$", job, flags=re.MULTILINE)
        read = frozenset(inputs[1].split(", ")) if inputs else frozenset()
        jobs[frozenset(outputs[1].split(", "))] = (command[1], read)
    stages = {}
    every = {out.def_path for stage in run_by_snakemake.dvc().index.stages for out in stage.outs}
    for stage in run_by_snakemake.dvc().index.stages:
        if stage.name == "code":
            continue
        paths = {dep.def_path for dep in stage.deps if dep.def_path != "params.yaml"}
        assert any(name.startswith("results/code/digits/") for name in paths), stage.name
        wanted = {name for name in paths if not name.startswith("results/code/")}
        files = {out for name in wanted for out in every if out == name or out.startswith(name + "/")}
        stages[frozenset(out.def_path for out in stage.outs)] = (stage.cmd, frozenset(files))
        declared = {key for dep in stage.deps if dep.def_path == "params.yaml" for key in dep.params}
        assert declared == _declared(stage.cmd), stage.name
    assert jobs == stages


def _declared(command: str) -> set[str]:
    """The keys of params.yaml that the command's step declares."""
    _, step, *options = command.split()
    names = {option.removeprefix("--"): value for option, value in zip(options[::2], options[1::2], strict=True)}
    return set(keys(step, names).values())


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
