"""The steps of the pipeline: the verdict on a study's variants, and the gate that lets it pass or not."""

import logging
from collections.abc import Mapping
from pathlib import Path

from lesion.artifacts.atomic import replacing, write_text
from lesion.audit.comparison.comparison import SIDES
from lesion.audit.comparison.from_nodes import from_nodes
from lesion.audit.comparison.populations import read_population
from lesion.audit.comparison.source import source
from lesion.audit.gate.budget import given_budget
from lesion.audit.gate.contract import Verdict
from lesion.audit.gate.files import verdict_files
from lesion.audit.gate.judge import EXIT_CODES, judge_all
from lesion.audit.gate.verdict_file import read_verdict
from lesion.audit.gate.wording import lines
from lesion.errors import GateError
from lesion.params.budget import StudyBudget
from lesion.params.design import Design

log = logging.getLogger(__name__)


def write_verdict(
    *,
    study: str,
    examples: Path,
    predictions: Mapping[str, list[Path]],
    verdict: Path,
    markdown: Path,
    budget: StudyBudget,
    root_seed: int,
    design: Design,
    cluster: str | None,
) -> None:
    """The step: judge the study's variants by its budget. A broken budget is written down, and no error.

    Parameters
    ----------
    predictions : variant → its predictions, a file a shard; dense first
    """
    read = given_budget(budget, f"studies.{study}.budget")
    for note in read.notes:
        log.warning(note)
    dense, *others = predictions
    populations = {variant: read_population(predictions[variant]) for variant in (dense, *others)}
    compared = {
        variant: from_nodes(
            study=study,
            variant=variant,
            examples=examples,
            dense=populations[dense],
            compressed=populations[variant],
            root_seed=root_seed,
            design=design,
            cluster=cluster,
        )
        for variant in others
    }
    verdicts = [_with_sources(one, predictions[dense], predictions[one.candidate]) for one in judge_all(read, compared)]
    files = verdict_files(read, verdicts)
    for path in (verdict, markdown):
        with replacing(path) as temporary:
            temporary.write_bytes(files[path.name])


def _with_sources(verdict: Verdict, *files: list[Path]) -> Verdict:
    """The verdict with the files that were compared, dense first."""
    said = zip(SIDES, files, strict=True)
    sources = [source(path, f"predictions of the pipeline, {side}") for side, paths in said for path in paths]
    return Verdict(verdict.candidate, verdict.status, verdict.sure, verdict.judged, tuple(sources))


def gate(*, verdict: Path, passed: Path) -> None:
    """The step: pass where the verdict is that all variants keep the budget.

    Raises
    ------
    GateError
        Otherwise; the message has the limits that failed or could not be decided.
    """
    found = read_verdict(verdict)
    said = "\n".join(lines(found.verdicts))
    if code := EXIT_CODES[found.status]:
        raise GateError(f"{said}\nAll limits are in {verdict}.", code)
    write_text(passed, f"{said}\n")
