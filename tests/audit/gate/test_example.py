"""The example of a budget: it is one as it stands, and with every comment taken for what it says."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lesion.audit.gate.budget import read_budget
from lesion.audit.gate.example import MOST, example_budget, write_example
from lesion.audit.gate.limits import limits_of
from lesion.errors import InputError
from tests.audit.gate.judging import comparison

NAMES = ("no", 'a "b": #c', "1", "犬", "a: b")


def uncommented(text: str) -> str:
    """The text with `# key:` as `key:`, below the head."""
    head, body = text.split("version: 1\n")
    return head + "version: 1\n" + re.sub(r"^( *)# (?=\S+.*:)|^#(?=   )", r"\1", body, flags=re.MULTILINE)


def test_it_is_a_budget_of_the_comparison_with_comments_and_without(tmp_path: Path) -> None:
    made = replace(comparison(examples=60, classes=5), names=NAMES)
    text = example_budget(made)
    write_example(tmp_path / "one.yaml", text)
    plain = read_budget(tmp_path / "one.yaml")
    assert len(limits_of(plain.budget, made)) == 1 + len(NAMES)
    assert plain.notes == ()
    write_example(tmp_path / "all.yaml", uncommented(text))
    whole = read_budget(tmp_path / "all.yaml").budget
    assert set(whole.classes) == set(NAMES)
    assert whole.every_group["side"].loss == 5.0
    assert set(whole.groups["side"]) == {"left", "right"}
    assert {limit.measure for limit in limits_of(whole, made)} == {"loss", "broken", "ece"}


def test_of_many_classes_the_first_are_named() -> None:
    made = comparison(examples=200, classes=5)
    names = tuple(f"class{place:03}" for place in range(100))
    label = np.arange(200) % 100
    sides = [replace(one, label=label, prediction=label[None]) for one in (made.dense, made.compressed)]
    text = example_budget(replace(made, dense=sides[0], compressed=sides[1], classes=np.arange(100), names=names))
    assert f"class{MOST - 1:03}" in text
    assert f"class{MOST:03}" not in text
    assert f"# and {100 - MOST} more classes" in text


def test_without_files_names_are_made_up(tmp_path: Path) -> None:
    write_example(tmp_path / "budget.yaml", uncommented(example_budget(None)))
    assert set(read_budget(tmp_path / "budget.yaml").budget.classes) == {"cat", "dog"}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "budget.yaml"
    path.write_text("mine")
    with pytest.raises(InputError, match="is there already, and is not overwritten"):
        write_example(path, "other")
    assert path.read_text() == "mine"
    with pytest.raises(InputError, match="No such file"):
        write_example(tmp_path / "none" / "budget.yaml", "other")
