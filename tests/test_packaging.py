"""The files that repeat what another says are in step with it."""

import json
import re
from pathlib import Path

import yaml

from lesion.params.file import Params

ROOT = Path(__file__).resolve().parents[1]


def pins(lines: list[str]) -> set[str]:
    return {line.replace('"', "'").strip() for line in lines if "==" in line}


def test_conda_gets_the_versions_of_the_lock() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    [pip] = [item["pip"] for item in environment["dependencies"] if isinstance(item, dict)]
    assert pins(pip) == pins((ROOT / "requirements.lock").read_text().splitlines())


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = (ROOT / "pyproject.toml").read_text().split("[project.scripts]")[0]
    asked = {name.lower() for name in re.findall(r'^\s+"([A-Za-z0-9-]+)', project, flags=re.MULTILINE)}
    locked = {line.partition("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines()}
    assert asked <= locked, asked - locked


def test_the_schema_is_that_of_the_typed_params() -> None:
    schema = json.loads((ROOT / "workflow" / "schemas" / "params.schema.json").read_text())
    assert schema == Params.model_json_schema(), "write it anew: lesion schema > workflow/schemas/params.schema.json"
