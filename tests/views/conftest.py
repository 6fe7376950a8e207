"""A small study in a temporary folder, for figures and gallery."""

from pathlib import Path
from typing import Any

import pytest

from tests.views.synthetic import SMALL, WITHOUT_PIE, active, build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small study; its audit is not to be written to."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        build(SMALL)
    return folder


@pytest.fixture
def study(built: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Enter the small study; the arguments of its steps."""
    monkeypatch.chdir(built)
    return active(SMALL)


@pytest.fixture
def study_without_pie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Enter a study whose models are always right; the arguments of its steps."""
    monkeypatch.chdir(tmp_path)
    build(WITHOUT_PIE)
    return active(WITHOUT_PIE)
