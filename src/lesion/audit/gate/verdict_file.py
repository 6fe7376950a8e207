"""verdict.json: what programs read of a verdict. Its format is versioned, and docs/GATE.md describes it."""

import json
from collections.abc import Sequence
from math import isfinite, nan
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import lesion
from lesion.audit.comparison.source import Source
from lesion.audit.gate.budget import ReadBudget
from lesion.audit.gate.contract import Judged, Limit, Measure, Measured, Status, Verdict
from lesion.audit.gate.judge import overall
from lesion.errors import InputError

Fraction = float | None


class _Part(BaseModel):
    """Each key is always there; null where there is no number."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BudgetRead(_Part):
    """The budget: `sha256` is of the bytes of the file."""

    name: str
    sha256: str


class Input(_Part):
    """A file that predictions were read from."""

    name: str
    sha256: str
    size: int = Field(ge=0, description="Bytes.")
    read_as: str


class LimitJudged(_Part):
    """A limit, what was measured, and whether that decides; values are fractions: 0.01 is one point."""

    status: Status
    measure: Measure
    attribute: str = Field(description="all, class, or the attribute that the group belongs to.")
    group: str
    at_most: float = Field(description="The largest value within the budget.")
    estimate: Fraction = Field(description="The value in these examples.")
    low: Fraction = Field(description="Above at_most: failed.")
    high: Fraction = Field(description="Not above at_most: passed.")
    examples: int
    least_examples: int
    needed: int | None = Field(description="About how many examples would decide; null where no number would.")
    said: str = Field(description="All this in a sentence.")


class CandidateJudged(_Part):
    """The verdict on a candidate: failed if a limit is, else inconclusive if one is, else passed."""

    name: str
    status: Status
    inputs: list[Input] = Field(description="The files of dense, then those of the candidate; empty where unknown.")
    limits: list[LimitJudged]


class VerdictFile(_Part):
    """The verdicts of `lesion audit --budget` and of `lesion verdict`."""

    version: Literal[1] = Field(description="Of this format.")
    lesion: str = Field(description="The version of Lesion that judged.")
    status: Status = Field(description="Of all candidates: failed if one is, else inconclusive if one is, else passed.")
    sure: float = Field(description="The chance that any verdict is wrong is at most 1 - sure.")
    budget: BudgetRead
    notes: list[str]
    candidates: list[CandidateJudged]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts that it was made of."""
        return tuple(
            Verdict(
                one.name,
                one.status,
                self.sure,
                tuple(map(_judged, one.limits)),
                tuple(Source(Path(file.name), file.sha256, file.size, file.read_as) for file in one.inputs),
            )
            for one in self.candidates
        )


def verdict_file(budget: ReadBudget, verdicts: Sequence[Verdict]) -> VerdictFile:
    """The content of verdict.json."""
    return VerdictFile(
        version=1,
        lesion=lesion.__version__,
        status=overall(verdicts),
        sure=budget.budget.sure,
        budget=BudgetRead(name=budget.name, sha256=budget.sha256),
        notes=list(budget.notes),
        candidates=[
            CandidateJudged(
                name=verdict.candidate,
                status=verdict.status,
                inputs=[_input(one) for one in verdict.sources],
                limits=[_limit(judged) for judged in verdict.judged],
            )
            for verdict in verdicts
        ],
    )


def verdict_json(found: VerdictFile) -> bytes:
    """Strict JSON in UTF-8: no NaN, and a lone surrogate is its escape."""
    text = json.dumps(found.model_dump(), indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def read_verdict(path: Path) -> VerdictFile:
    """Read verdict.json; InputError where it is none."""
    try:
        return VerdictFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: no verdict: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _input(source: Source) -> Input:
    """A file by its path if that is relative, else by its name: the folder of one machine says nothing to others."""
    name = source.path.name if source.path.is_absolute() else source.path.as_posix()
    return Input(name=name, sha256=source.sha256, size=source.size, read_as=source.read_as)


def _limit(judged: Judged) -> LimitJudged:
    limit, measured = judged.limit, judged.measured
    return LimitJudged(
        status=judged.status,
        measure=limit.measure,
        attribute=limit.attribute,
        group=limit.group,
        at_most=limit.at_most,
        estimate=_number(measured.estimate),
        low=_number(measured.low),
        high=_number(measured.high),
        examples=measured.examples,
        least_examples=limit.least_examples,
        needed=measured.needed,
        said=judged.said,
    )


def _number(value: float) -> Fraction:
    return float(value) if isfinite(value) else None


def _judged(one: LimitJudged) -> Judged:
    limit = Limit(one.measure, one.attribute, one.group, one.at_most, one.least_examples)
    estimate, low, high = (nan if value is None else value for value in (one.estimate, one.low, one.high))
    return Judged(limit, Measured(estimate, low, high, one.examples, one.needed), one.status, one.said)
