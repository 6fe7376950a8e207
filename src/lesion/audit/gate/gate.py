"""The gate for Python: a budget that verdicts come from."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from lesion.audit.contract import Audited, AuditedCandidates, alone
from lesion.audit.gate.budget import ReadBudget, given_budget, read_budget
from lesion.audit.gate.contract import Status, Verdict
from lesion.audit.gate.files import verdict_files
from lesion.audit.gate.judge import EXIT_CODES, judge, overall
from lesion.audit.gate.verdict_file import verdict_file
from lesion.errors import InputError
from lesion.params.budget import Budget


class Gate:
    """Whether compressed models stay within a budget.

    Parameters
    ----------
    budget : the path of a budget file (docs/GATE.md), or its content as a dict. Limits are percentage points: 1.0 is
        one answer in a hundred

    Attributes
    ----------
    verdicts_ : of the candidates that were judged last

    Examples
    --------
    >>> import lesion, numpy as np
    >>> label = np.tile([0, 1], 1000)
    >>> broken = np.where(np.arange(2000) < 300, 1 - label, label)
    >>> audit = lesion.Audit().fit(label, broken, label)
    >>> [verdict] = Gate({"version": 1, "all": {"loss": 1.0}}).judge(audit)
    >>> verdict.status
    'failed'
    """

    verdicts_: tuple[Verdict, ...]

    def __init__(self, budget: Mapping[str, Any] | Path | str | Budget) -> None:
        self.budget = budget

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002  as estimators of scikit-learn have it
        """What the gate was made with."""
        return {"budget": self.budget}

    def __repr__(self) -> str:
        return f"Gate({self.budget!r})"

    @cached_property
    def read(self) -> ReadBudget:
        """The budget, checked; a file is read once.

        Raises
        ------
        InputError
            Where it is no budget; the message names the key.
        """
        if isinstance(self.budget, str | Path):
            return read_budget(Path(self.budget))
        if isinstance(self.budget, Mapping | Budget):
            return given_budget(self.budget)
        raise InputError(f"Gate: a path, a dict or a Budget is expected, found {type(self.budget).__name__}")

    def judge(self, audit: Any) -> tuple[Verdict, ...]:
        """The verdict on each candidate.

        Parameters
        ----------
        audit : a fitted `Audit`, or fitted `Candidates`

        Raises
        ------
        InputError
            Where the budget is none or does not fit the predictions, or `audit` is not fitted.
        """
        self.verdicts_ = judge(self.read, _candidates(audit))
        return self.verdicts_

    @property
    def status_(self) -> Status:
        """The status of all candidates together: failed if one is, else inconclusive if one is, else passed."""
        return overall(self.verdicts_)

    @property
    def exit_code_(self) -> int:
        """What the command line exits with: 0 passed, 1 failed, 3 inconclusive."""
        return EXIT_CODES[self.status_]

    @property
    def document_(self) -> dict[str, Any]:
        """The content of verdict.json."""
        return verdict_file(self.read, self.verdicts_).model_dump()

    @property
    def files_(self) -> dict[str, bytes]:
        """The files that tell the verdicts, by name: verdict.json, verdict.md and verdict.xml."""
        return verdict_files(self.read, self.verdicts_)


def _candidates(audit: Any) -> AuditedCandidates:
    found = getattr(audit, "audited_", audit)
    if isinstance(found, Audited):
        return alone(found)
    if not isinstance(found, AuditedCandidates):
        raise InputError(f"Gate.judge: a fitted Audit or Candidates is expected, found {found!r:.80}; call its fit")
    return found
