"""Small studies in temporary folders, for figures and gallery."""

from pathlib import Path

import pytest

from tests.views.synthetic import EVERY_KIND, SMALL, WITHOUT_PIE, Study, build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small study; its audit is not to be written to."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        build(SMALL)
    return folder


@pytest.fixture
def study(built: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Enter the small study."""
    monkeypatch.chdir(built)
    return Study(SMALL)


@pytest.fixture
def study_without_pie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Enter a study whose models are always right."""
    monkeypatch.chdir(tmp_path)
    build(WITHOUT_PIE)
    return Study(WITHOUT_PIE)


@pytest.fixture(scope="session")
def built_of_every_kind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study with trained, derived and external variants; not to be written to."""
    folder = tmp_path_factory.mktemp("every-kind")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        build(EVERY_KIND)
    return folder


@pytest.fixture
def every_kind(built_of_every_kind: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Enter the study with every kind of variant."""
    monkeypatch.chdir(built_of_every_kind)
    return Study(EVERY_KIND)
