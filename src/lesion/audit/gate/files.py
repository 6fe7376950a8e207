"""The files that tell a verdict: verdict.json for programs, verdict.md for a pull request, verdict.xml for CI."""

from collections.abc import Sequence

from lesion.audit.gate.budget import ReadBudget
from lesion.audit.gate.contract import FILES, Verdict
from lesion.audit.gate.junit import verdict_junit
from lesion.audit.gate.markdown import verdict_markdown
from lesion.audit.gate.verdict_file import verdict_file, verdict_json


def verdict_files(budget: ReadBudget, verdicts: Sequence[Verdict]) -> dict[str, bytes]:
    """Name of each file → its bytes, the same for the same verdicts."""
    contents = (
        verdict_json(verdict_file(budget, verdicts)),
        verdict_markdown(budget, verdicts).encode("utf-8"),
        verdict_junit(verdicts),
    )
    return dict(zip(FILES, contents, strict=True))
