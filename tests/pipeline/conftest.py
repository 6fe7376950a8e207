"""Two projects, each run from nothing by one engine, once for all tests."""

from pathlib import Path

import pytest

from tests.pipeline.project import Project


@pytest.fixture(scope="session")
def run_by_snakemake(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The tiny study, run by Snakemake and then recorded by `dvc commit --force`, as the contract has it."""
    project = Project.copy(tmp_path_factory.mktemp("snakemake"))
    project.run("snakemake", "--cores", "2", "--resources", "gpu=4")
    project.run("dvc", "commit", "--force")
    assert "up to date" in project.run("dvc", "status").stdout
    project.commit()
    return project


@pytest.fixture(scope="session")
def run_by_dvc(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The tiny study, run by `dvc repro`."""
    project = Project.copy(tmp_path_factory.mktemp("dvc"))
    project.run("dvc", "repro")
    return project


@pytest.fixture
def scratch(run_by_snakemake: Project, tmp_path: Path) -> Project:
    """A copy of the finished study that a test may change."""
    return run_by_snakemake.duplicate(tmp_path / "scratch")
