"""A reviewer's path: clone, pull what was published, rebuild the figures; nothing trains."""

from pathlib import Path

import pytest

from lesion.pipeline.steps import STATISTICS
from tests.pipeline.project import Project

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("engines")]

PUBLISHED = ("data", "predictions", "robustness")
AUDIT = [*STATISTICS, *(f"{name}-external-0-1" for name in STATISTICS), "summary", "risk"]
DRAWN = ("impact", "subgroups", "reliability", "foresight", "counts", "pie-accuracy", "robustness", "size", "pie-sheet")
FIGURES = [f"figure-{name}" for name in DRAWN]


@pytest.fixture(scope="module")
def published(run_by_snakemake: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The finished study, a variant dropped since, committed with its dvc.lock and pushed to a folder as remote.

    What the dropped variant left lies there still, and so does a file that a killed writer left.
    """
    folder = tmp_path_factory.mktemp("published")
    project = run_by_snakemake.duplicate(folder / "origin")
    params = project.params()
    params["active"]["derived"].remove("gmp-50-int8")
    project.write_params(params)
    (project.folder / "results/digits/predictions/dense/.0-3.1234.parquet").write_bytes(b"half")
    (project.folder / "results/digits/impact/.gmp-50.1234.csv").write_bytes(b"half")
    project.run("snakemake", "--cores", "2")
    project.run("lesion", "adopt", "dvc")
    project.run("dvc", "remote", "add", "--default", "store", str(folder / "store"))
    project.run("dvc", "push")
    project.commit()
    return project


@pytest.mark.parametrize("engine", ["snakemake", "dvc"])
def test_figures_are_rebuilt_from_predictions_alone(published: Project, tmp_path: Path, engine: str) -> None:
    published.run("git", "clone", "--quiet", str(published.folder), str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone")
    assert not (clone.folder / "results").exists()
    pull, adopt, rebuild = clone.run("make", "--dry-run", "--silent", "INSTALLED=", "figures").stdout.splitlines()[:3]
    clone.run("bash", "-c", pull)
    present = clone.results()
    assert {name.split("/")[2] for name in present} == set(PUBLISHED)
    if engine == "snakemake":
        clone.run(*adopt.split())
        log = clone.run(*rebuild.split()).stderr
        assert "rule train" not in log
        assert "rule predict" not in log
    else:
        log = clone.run("dvc", "repro", "--single-item", "--force", *AUDIT, *FIGURES).stdout
        assert "Running stage 'figure-size@digits'" in log
        assert "Running stage 'train" not in log
        assert "Running stage 'predict" not in log
    rebuilt = {name: content for name, content in clone.results().items() if "/figures/" in name}
    original = {name: content for name, content in published.results().items() if "/figures/" in name}
    assert rebuilt == original
    assert not list(clone.folder.glob("results/*/checkpoints/*/*"))
