"""`dvc exp run -S` changes the key that it names, and nothing else of params.yaml."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("params")]

SET = {
    "studies.digits.recipe.epochs": 3,
    "variants.gmp-90.schedule.end": 0.5,
    "studies.digits-catalogue.recipe.epochs": 3,
    "audit.impact.alpha": 0.01,
    "comparison.families.0.name": "size",
}


def leaves(data: Any, at: str = "") -> dict[str, Any]:
    """Every scalar by its dotted key."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else None
    if items is None:
        return {at: data}
    return {key: value for name, part in items for key, value in leaves(part, f"{at}.{name}".lstrip(".")).items()}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the project's params.yaml and one stage."""
    folder = tmp_path_factory.mktemp("params")
    (folder / "params.yaml").write_text((REPOSITORY / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "dvc.yaml").write_text("params: [params.yaml]\nstages: {none: {cmd: 'true', deps: [params.yaml]}}\n")
    for command in (
        "git init --quiet", "dvc init --quiet", "git add --all",
        "git -c user.name=Test -c user.email=test@example.org commit --quiet --message State",
    ):  # fmt: skip
        subprocess.run(command.split(), cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("key", SET)
def test_a_key_that_dvc_sets_is_changed_alone(key: str, repository: Path) -> None:
    command = ["dvc", "exp", "run", "--queue", "--name", key.replace(".", "-"), "-S", f"{key}={SET[key]}"]
    subprocess.run(command, cwd=repository, check=True, capture_output=True)
    shown = ["git", "show", "refs/exps/celery/stash:params.yaml"]
    text = subprocess.run(shown, cwd=repository, check=True, capture_output=True, text=True).stdout
    before, after = (leaves(yaml.safe_load(one)) for one in ((repository / "params.yaml").read_text(), text))
    assert before.keys() == after.keys()
    assert {name: after[name] for name in after if after[name] != before[name]} == {key: SET[key]}
