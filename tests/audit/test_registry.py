"""Every module of the folder keeps the contract, in what the type checker cannot see."""

import ast
import inspect
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from lesion.audit import registry
from lesion.audit.comparison.comparison import Comparison
from tests.audit.test_parity import SETTINGS
from tests.compared import compared
from tests.resampled import CLASSES, made

NAMES = registry.names()


def module(name: str) -> ModuleType:
    return cast(ModuleType, registry.load(name))


def comparisons() -> list[Comparison]:
    """With all that can be known, and with next to nothing."""
    hand = np.array(["left", "right", "left"] * 20)
    full = compared(made(), made(seed=1), classes=CLASSES, groups={"hand": hand})
    bare = [replace(one, label=None, correct_top5=None) for one in (made(members=1), made(members=1, seed=1))]
    return [full, compared(bare[0], bare[1], classes=CLASSES, groups={"hand": hand})]


def literals_of(source: str) -> dict[str, Any]:
    """The literals of a module, by name, without importing it."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            [target] = node.targets if isinstance(node, ast.Assign) else [node.target]
            if isinstance(target, ast.Name) and target.id in ("SUFFIX", "SETTINGS"):
                found[target.id] = ast.literal_eval(node.value)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_what_the_pipeline_reads_is_literal(name: str) -> None:
    literals = literals_of(Path(inspect.getfile(module(name))).read_text(encoding="utf-8"))
    assert literals == {"SUFFIX": module(name).SUFFIX, "SETTINGS": module(name).SETTINGS}
    assert literals["SUFFIX"] in ("csv", "parquet")
    arguments = [*inspect.signature(module(name).table).parameters.values()][1:]
    assert [argument.name for argument in arguments] == [*literals["SETTINGS"]]
    assert all(argument.kind is argument.KEYWORD_ONLY for argument in arguments)
    assert (module(name).__doc__ or "").partition("\n")[0].endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_tables_have_their_columns_and_the_summary_its_own_whatever_is_known(name: str) -> None:
    statistic = registry.load(name)
    tables = [statistic.table(comparison, **SETTINGS[name]) for comparison in comparisons()]
    for table in tables:
        assert table.columns.tolist() == statistic.SCHEMA.names
    rows = [statistic.columns(table, alpha=0.2) for table in tables]
    assert list(rows[0]) == list(rows[1])


def test_no_two_statistics_have_the_same_column_of_the_summary() -> None:
    tables = {name: registry.load(name).table(comparisons()[0], **SETTINGS[name]) for name in NAMES}
    found = [column for name, table in tables.items() for column in registry.load(name).columns(table, alpha=0.2)]
    assert len(set(found)) == len(found)


def test_the_order_is_that_of_the_summary() -> None:
    first = ["impact", "pie", "effects", "null", "subgroups"]
    assert [name for name in registry.load_all() if name in first] == first
    assert pd.Series([statistic.ORDER for statistic in registry.load_all().values()]).is_unique
