"""What a statistic is: the contract of the modules in `lesion.audit.statistics`, which mypy holds them to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.comparison import SIDES, Comparison

Row = dict[str, Any]
"""Columns of one row of the summary; None where there is nothing to say."""


@dataclass(frozen=True)
class Audited:
    """What an audit found.

    Attributes
    ----------
    tables : name of a statistic → its table
    summary : the rows of dense and compressed, indexed by variant (`lesion.audit.summary`)
    alpha : the level of the tests, and of the false discovery rate
    notes : sentences on what could not be said, and what to know
    """

    comparison: Comparison
    tables: Mapping[str, pd.DataFrame]
    summary: pd.DataFrame
    alpha: float
    notes: tuple[str, ...] = ()


Facts = Mapping[str, float | str]
"""What is known of a candidate beside its answers, such as its size or latency: name with its unit → value."""


@dataclass(frozen=True)
class Candidate:
    """A compressed model, or population of models, that somebody considers shipping, audited against dense.

    Attributes
    ----------
    name : what people call it
    """

    name: str
    audited: Audited
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class AuditedCandidates:
    """Candidates that were compared with the same dense models on the same examples.

    Attributes
    ----------
    all : one candidate or more, in the order in which they were given
    tables : name → a table over candidates (`lesion.audit.candidates`), without rows where there is nothing to say
    notes : sentences on the candidates together
    """

    all: tuple[Candidate, ...]
    tables: Mapping[str, pd.DataFrame]
    notes: tuple[str, ...] = ()


def alone(audited: Audited) -> AuditedCandidates:
    """The one candidate of an audit, which has no name of its own."""
    return AuditedCandidates((Candidate(SIDES[1], audited),), {})


@dataclass(frozen=True)
class Finding:
    """What a statistic found, for who knows no statistics: a card of the page.

    Attributes
    ----------
    about : the heading, a word or two
    number, unit : what is shown large, and what it counts or measures
    text : the sentences below
    place : cards stand in this order
    """

    about: str
    number: str
    unit: str
    text: str
    place: int = 100


class Statistic(Protocol):
    """A module of `lesion.audit.statistics`. The first line of its docstring is its help on the command line.

    The pipeline reads SUFFIX and SETTINGS from the source, without importing the module: they are plain literals.

    Attributes
    ----------
    SUFFIX : of the file of its table: "csv" or "parquet"
    SETTINGS : argument of `table` → dotted key of params.yaml, in which `{study}` may stand
    ORDER : its columns stand in this order in the summary
    SCHEMA : the columns of its table, where classes and examples are called by integers
    """

    @property
    def SUFFIX(self) -> str: ...  # noqa: D102, N802
    @property
    def SETTINGS(self) -> Mapping[str, str]: ...  # noqa: D102, N802
    @property
    def ORDER(self) -> int: ...  # noqa: D102, N802
    @property
    def SCHEMA(self) -> pa.Schema: ...  # noqa: D102, N802

    def table(self, comparison: Comparison, /, *args: Any, **settings: Any) -> pd.DataFrame:
        """The columns of SCHEMA. What cannot be said is empty; without any row to say, so is the table."""

    def columns(self, table: pd.DataFrame, /, *, alpha: float) -> Row:
        """Its columns of the summary: the same names whatever the table holds."""

    def finding(self, audited: Audited, /) -> Finding | None:
        """What the page says of it; None for nothing."""


def empty(schema: pa.Schema) -> pd.DataFrame:
    """A table without rows."""
    return pd.DataFrame(schema.empty_table().to_pandas())
