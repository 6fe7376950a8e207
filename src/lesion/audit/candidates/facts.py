"""What is known of candidates beside their answers, such as size and latency: from a file, or a mapping."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from lesion.artifacts.csv_header import SEPARATORS, not_utf8
from lesion.audit.comparison.files.formats import readable
from lesion.audit.contract import Facts
from lesion.errors import InputError

DENSE, NAME = "dense", "name"
CSV, YAML = (".csv", ".tsv"), (".yaml", ".yml")
FORMATS = ".csv, .tsv, .yaml or .yml"
Rows = list[tuple[str, Mapping[Any, Any]]]
Given = Mapping[str, Facts] | Path | Any  # or a DataFrame, which has no types


@dataclass(frozen=True)
class KnownFacts:
    """Facts of dense and of candidates.

    Attributes
    ----------
    of : name → its facts; `dense` may be among the names
    """

    of: Mapping[str, Facts]

    @property
    def names(self) -> tuple[str, ...]:
        """Of all facts, in the order in which they were given."""
        return tuple(dict.fromkeys(fact for facts in self.of.values() for fact in facts))

    @property
    def numeric(self) -> tuple[str, ...]:
        """The facts that are a number wherever they are known."""
        return tuple(
            name
            for name in self.names
            if all(not isinstance(facts[name], str) for facts in self.of.values() if name in facts)
        )

    def table(self) -> pd.DataFrame:
        """A row each, with its name and its facts; empty where one is not known."""
        rows = [{NAME: name, **facts} for name, facts in self.of.items()]
        return pd.DataFrame(rows, columns=[NAME, *self.names])

    def sentence(self, candidate: str) -> str:
        """The facts of a candidate, each beside that of dense where it is known; "" where there are none."""
        own, dense = self.of.get(candidate, {}), self.of.get(DENSE, {})
        said = [f"{name} {value}" + (f" (dense {dense[name]})" if name in dense else "") for name, value in own.items()]
        return f"Known beside the answers: {', '.join(said)}." if said else ""

    def notes(self) -> list[str]:
        """Sentences on facts that cannot be drawn."""
        said = []
        for fact in self.names:
            texts = [(name, facts[fact]) for name, facts in self.of.items() if isinstance(facts.get(fact), str)]
            if texts and len(texts) < sum(fact in facts for facts in self.of.values()):
                name, text = texts[0]
                said.append(f"Of the facts, {fact} of {name} is {text}, no number: it is shown, and not drawn.")
        return said


def known_facts(given: Given | None, candidates: Sequence[str], taken: Iterable[str] = ()) -> KnownFacts:
    """The facts of each candidate, and of dense if there are any.

    Parameters
    ----------
    given : name → fact → number or text; a DataFrame with a row each, named by its column `name` or its index; or a
        file: CSV with a column `name` and a row each, YAML with name → fact → value. None: there are none
    candidates : their names
    taken : names of columns that a fact cannot have

    Raises
    ------
    InputError
        Where a file cannot be read; a name is no candidate's, there twice, or missing; or a fact is called as a column
        of the table of candidates is.
    """
    if given is None:
        return KnownFacts({})
    source = str(given) if isinstance(given, Path) else "facts"
    rows = _read(given) if isinstance(given, Path) else _rows(given)
    found: dict[str, Facts] = {}
    for name, facts in rows:
        if name != DENSE and name not in candidates:
            near = get_close_matches(name, candidates, n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(candidates)}"
            raise InputError(f"{source}: names {name}, which is no candidate; {meant}")
        if name in found:
            raise InputError(f"{source}: has two rows for {name}, one expected")
        found[name] = {str(fact).strip(): value for fact, raw in facts.items() if (value := _value(raw)) is not None}
    if lacking := [name for name in candidates if name not in found]:
        raise InputError(f"{source}: has no row for {', '.join(lacking)}; one for each candidate expected")
    known = KnownFacts({name: found[name] for name in (DENSE, *candidates) if name in found})
    if twice := sorted({*known.names} & {NAME, *taken}):
        raise InputError(f"{source}: {twice[0]} is a column of the audit; another name for this fact expected")
    return known


def _value(raw: Any) -> float | str | None:
    """A number where it is one, else text; None where it is missing."""
    if raw is None or (isinstance(raw, float) and raw != raw):
        return None
    text = str(raw).strip()
    try:
        number = float(text)
    except ValueError:
        return text or None
    return number if isfinite(number) and not isinstance(raw, bool) else text


def _rows(given: Any) -> Rows:
    if isinstance(given, pd.DataFrame):
        table = given.set_index(NAME) if NAME in given else given
        return [(str(name), row) for name, row in zip(table.index, table.to_dict("records"), strict=True)]
    if not isinstance(given, Mapping) or not all(isinstance(facts, Mapping) for facts in given.values()):
        raise InputError("facts: a mapping of names to facts expected, such as {'int8': {'size_mib': 11.2}}")
    return [(str(name), facts) for name, facts in given.items()]


def _read(path: Path) -> Rows:
    suffix = path.suffix.lower()
    if suffix not in (*CSV, *YAML):
        raise InputError(f"{path}: the name ends in {suffix or 'no suffix'}, {FORMATS} expected")
    with readable(path):
        content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    return _of_csv(path, text) if suffix in CSV else _of_yaml(path, text)


def _of_csv(path: Path, text: str) -> Rows:
    lines = text.splitlines()
    tables = [[[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=sign)] for sign in SEPARATORS]
    header, *rows = next((rows for rows in tables if rows and NAME in rows[0]), tables[0] or [[]])
    if NAME not in header or len(set(header)) < len(header):
        raise InputError(f"{path}: expected a column called {NAME}, and none twice; found {', '.join(header)}")
    found = [dict(zip(header, row, strict=False)) for row in rows if any(row)]
    return [(str(row.pop(NAME)), row) for row in found]


def _of_yaml(path: Path, text: str) -> Rows:
    import yaml  # an audit without facts need not

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        raise InputError(f"{path}: no YAML" + (f" (line {where.line + 1})" if where else "")) from None
    if not isinstance(found, dict) or not all(isinstance(facts, dict) for facts in found.values()):
        raise InputError(f"{path}: names with their facts expected, such as int8: {{size_mib: 11.2}}")
    return [(str(name), facts) for name, facts in found.items()]
