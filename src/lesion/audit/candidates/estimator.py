"""The audit of several candidates against one dense population."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy.typing as npt
import pandas as pd

from lesion.audit.candidates import between, parts
from lesion.audit.candidates.facts import Given, KnownFacts, known_facts
from lesion.audit.candidates.files import from_files
from lesion.audit.candidates.naming import check_names
from lesion.audit.candidates.notes import notes
from lesion.audit.candidates.table import COLUMNS, luck, table
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.files.contract import NOTHING_SAID, Reading
from lesion.audit.comparison.frames import is_array, read_given
from lesion.audit.contract import Audited, AuditedCandidates, Candidate
from lesion.audit.estimating import Estimator
from lesion.audit.estimator import Audit
from lesion.audit.headline import headline
from lesion.errors import InputError

SIDES = ("true_probability", "correct_top5", "confidence")
"""What `Audit.fit` takes for dense and for compressed."""


class Candidates(Estimator):
    """Candidates side by side: each audited against dense, and all of them on the same examples.

    Parameters
    ----------
    options : of `Audit`; each candidate is audited with the same ones, so its tables are those of an audit of it alone

    Attributes
    ----------
    audited_ : all that was found: the audit of each candidate, and the tables over candidates
    table_ : a row a candidate: accuracy, answers broken and fixed, the worst class and group, calibration, facts
    between_ : a row a pair of candidates: which gets more of the same examples right
    parts_ : a row a candidate and class or group, with q over all candidates
    notes_ : sentences on the candidates together

    Examples
    --------
    >>> label = [0, 1, 0, 1]
    >>> candidates = Candidates(splits=2).fit(label, {"int8": [0, 1, 0, 0], "int4": [1, 1, 0, 0]}, label)
    >>> candidates.table_["name"].tolist()
    ['int8', 'int4']
    """

    audited_: AuditedCandidates
    table_: pd.DataFrame
    between_: pd.DataFrame
    parts_: pd.DataFrame
    notes_: tuple[str, ...]

    def __init__(self, **options: Any) -> None:
        for name, value in Audit(**options).get_params().items():  # a TypeError for one that it does not have
            setattr(self, name, value)

    @classmethod
    def defaults(cls) -> Mapping[str, Any]:
        """Those of `Audit`."""
        return Audit.defaults()

    @property
    def options(self) -> dict[str, Any]:
        """What each candidate is audited with."""
        return self.get_params()

    def results(self) -> list[str]:
        """The sentence that matters of each candidate."""
        if not hasattr(self, "audited_"):
            return []
        return [f"{candidate.name}: {headline(candidate.audited)}" for candidate in self.audited_.all]

    def fit(
        self,
        dense: Any,
        compressed: Mapping[str, Any],
        label: npt.ArrayLike | None = None,
        *,
        facts: Given | None = None,
        **known: Any,
    ) -> Self:
        """Audit each candidate against dense.

        Parameters
        ----------
        dense : as in `Audit.fit`
        compressed : name of a candidate → its predictions, as in `Audit.fit`
        label : int (examples,), the true classes, where they are known
        facts : what else is known of each candidate, and of `dense`: name → fact → number or text, a DataFrame, or a
            file (`candidates.facts`)
        known : the rest of `Audit.fit`. `true_probability`, `correct_top5` and `confidence` are pairs of what is known
            of dense, and of what is known of each candidate by its name

        Raises
        ------
        InputError
            Where there is no candidate, a name cannot be one, or an array is no such thing; the message names it.
        """
        _check(compressed)
        also = known_facts(facts, list(compressed), COLUMNS)
        audits, known = [], known | {"label": label}
        dense = dense if is_array(dense) else read_given("dense", dense)  # once for all candidates
        for name, prediction in compressed.items():
            beside = {key: (known[key][0], (known[key][1] or {}).get(name)) for key in SIDES if key in known}
            audits.append((name, Audit(**self.options).fit(dense, prediction, **known | beside).audited_))
        return self._found(audits, also)

    def fit_files(
        self,
        dense: Path,
        compressed: Mapping[str, Path],
        *,
        facts: Given | None = None,
        reading: Reading = NOTHING_SAID,
    ) -> Self:
        """Read the files of predictions, that of dense once, and audit each candidate.

        Parameters
        ----------
        compressed : name of a candidate → its file
        facts : what else is known of each candidate, and of `dense`: name → fact → number or text, a DataFrame, or a
            file (`candidates.facts`)
        reading : what the files do not tell themselves

        Raises
        ------
        InputError
            Where a file cannot be read, or does not fit the dense one; the message names the file.
        """
        _check(compressed)
        also, drawing = known_facts(facts, list(compressed), COLUMNS), Audit(**self.options).drawing
        return self.compare(from_files(dense, compressed, reading=reading, **drawing), also)

    def compare(self, comparisons: Iterable[tuple[str, Comparison]], facts: KnownFacts | None = None) -> Self:
        """Audit named comparisons with the same dense members, whatever they were made of."""
        audits = [(name, Audit(**self.options).compare(one).audited_) for name, one in comparisons]
        return self._found(audits, facts or KnownFacts({}))

    def check(self) -> None:
        """Raise InputError where an option is out of range; the message names it."""
        Audit(**self.options).check()

    def _found(self, audits: list[tuple[str, Audited]], facts: KnownFacts) -> Self:
        if len(audits) == 1 and (said := facts.sentence(audits[0][0])):  # several have a table that shows them
            audits = [(name, replace(audited, notes=(*audited.notes, said))) for name, audited in audits]
        of_all = tuple(Candidate(name, audited, facts.of.get(name, {})) for name, audited in audits)
        ties = Audit(**self.options).ties
        lucky = luck(of_all)
        self.table_, self.between_ = table(of_all, lucky), between.table(of_all, ties=ties)
        self.parts_ = parts.table(of_all)
        self.notes_ = (*notes(of_all, lucky), *facts.notes())
        tables = {"candidates": self.table_, "between": self.between_, "parts": self.parts_, "facts": facts.table()}
        self.audited_ = AuditedCandidates(of_all, tables, self.notes_)
        return self


def _check(compressed: Mapping[str, Any]) -> None:
    if not compressed:
        raise InputError("candidates: one at least expected, none found")
    if len(compressed) > 1:  # each has a folder of its name
        check_names(compressed)
