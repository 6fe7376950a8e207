"""A budget as people write it, and what is said of a mistake in it."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from lesion.audit.gate.budget import given_budget, read_budget
from lesion.errors import InputError
from lesion.params.budget import Budget, StudyBudget
from lesion.params.file import Params
from tests.conftest import REPOSITORY, tiny

GOOD = """\
version: 1
all: {loss: 1.0, broken: 3, examples: 500}
every_class: {loss: 5.0}
classes:
  no: {loss: 2.0}
  07: {loss: null}
  "a: b": {broken: 1}
every_group: {language: {loss: 4.0}}
groups: {language: {1: {loss: 2.0}}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "budget.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_budget_and_names_as_they_are_written(tmp_path: Path) -> None:
    read = read_budget(written(tmp_path, GOOD))
    assert read.name == "budget.yaml"
    assert list(read.budget.classes) == ["no", "07", "a: b"]
    assert list(read.budget.groups["language"]) == ["1"]
    assert (read.budget.all.loss, read.budget.all.broken, read.budget.all.examples) == (1.0, 3.0, 500)
    assert read.budget.classes["07"].model_fields_set == {"loss"}
    assert read.budget.sure == 0.95
    assert read.notes == ()


def test_the_digest_is_of_the_bytes(tmp_path: Path) -> None:
    import hashlib

    assert read_budget(written(tmp_path, GOOD)).sha256 == hashlib.sha256(GOOD.encode()).hexdigest()


def test_a_dict_has_one_digest_whatever_the_order_and_kind_of_its_numbers() -> None:
    one = given_budget({"version": 1, "all": {"loss": 1, "broken": 2.0}})
    other = given_budget({"all": {"broken": 2, "loss": 1.0}, "version": 1})
    assert one.sha256 == other.sha256 != given_budget({"version": 1, "all": {"loss": 2}}).sha256


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\nall: {los: 1.0}\n", "budget.yaml: all.los: there is no such key (the nearest is loss)"),
        (
            "version: 1\ngroups: {a: {b: {brokn: 1}}}\n",
            "a.b.brokn: there is no such key (the nearest is broken)",
        ),
        ("version: 1\nevery_clas: {loss: 1}\n", "every_clas: there is no such key (the nearest is every_class)"),
        ("version: 2\nall: {loss: 1}\n", "budget.yaml: version: Input should be 1 (found 2)"),
        ("all: {loss: 1}\n", "budget.yaml: version: Field required"),
        ("version: 1\nall: {loss: 101}\n", "all.loss: Input should be less than or equal to 100 (found 101)"),
        ("version: 1\nall: {loss: -1}\n", "all.loss: Input should be greater than or equal to 0"),
        ("version: 1\nall: {loss: .nan}\n", "all.loss: Input should be"),
        ("version: 1\nall: {loss: 1 %}\n", "all.loss: Input should be a valid number (found '1 %')"),
        ("version: 1\nsure: 95\nall: {loss: 1}\n", "sure: Input should be less than 1 (found 95)"),
        ("version: 1\nall: {examples: 0, loss: 1}\n", "all.examples: Input should be greater than or equal to 1"),
        ("version: 1\n", "holds no limit (loss, broken, ece), so nothing could fail"),
        ("version: 1\nall: {examples: 30}\n", "holds no limit"),
        ("version: 1\nall: {loss: 1, loss: 2}\n", "not YAML: loss stands twice"),
        ("version: 1\nclasses: {cat: {loss: 1}, 'cat': {loss: 2}}\n", "not YAML: cat stands twice"),
        ("version: 1\nall: [1.0]\n", "all: Input should be a valid dictionary"),
        ("version: 1\n? [a]\n: 1\n", "not YAML: a key is a name"),
        ("- 1\n", "no budget; `lesion audit --write-budget budget.yaml` writes an example"),
        ("", "no budget"),
        ("a: [1\n", "not YAML: "),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        read_budget(written(tmp_path, text))
    message = str(raised.value)
    assert said in message
    assert message.startswith(str(tmp_path))
    assert "\n" not in message


def test_a_file_that_is_not_there_names_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file; `lesion audit --write-budget"):
        read_budget(tmp_path / "budget.yaml")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "budget.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not YAML"):
        read_budget(tmp_path / "budget.yaml")


def test_what_smells_of_a_fraction_is_told_and_no_error(tmp_path: Path) -> None:
    read = read_budget(written(tmp_path, "version: 1\nall: {loss: 0.01, broken: 0}\nclasses: {cat: {ece: 0.05}}\n"))
    assert read.notes == (
        "budget.yaml: all.loss: 0.01 is 0.01 points, or 1 answer in 10,000; a fraction would be written 1.",
        "budget.yaml: classes.cat.ece: 0.05 is 0.05 points, or 1 answer in 2,000; a fraction would be written 5.",
    )


def test_the_published_schema_is_that_of_the_model_and_takes_what_the_model_takes() -> None:
    path = REPOSITORY / "workflow" / "schemas" / "budget.schema.json"
    schema = json.loads(path.read_text())
    assert schema == Budget.model_json_schema(), f"write it anew: lesion schema --budget > {path}"
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid(YAML(typ="safe").load(GOOD.replace("07", '"07"').replace("1: {", '"1": {')))
    assert not validator.is_valid({"version": 1, "all": {"los": 1.0}})


def study(budget: Any) -> dict[str, Any]:
    params = tiny()
    params["studies"]["digits"]["budget"] = budget
    return params


def test_a_study_has_a_budget_whose_classes_may_be_numbers() -> None:
    found = Params.read(study({"version": 1, "classes": {3: {"loss": 5}}, "variants": ["gmp-50"]}), where="")
    budget = found.studies["digits"].budget
    assert isinstance(budget, StudyBudget)
    assert list(budget.classes) == ["3"]
    assert Params.read(study(None), where="").studies["digits"].budget is None


def test_a_mistake_in_a_study_names_its_key() -> None:
    with pytest.raises(InputError, match=r"params.yaml: studies.digits.budget.all.los: there .* nearest is loss"):
        Params.read(study({"version": 1, "all": {"los": 1}}), where="")
