"""What the page says of several candidates together."""

from collections.abc import Callable

from lesion.audit.contract import AuditedCandidates
from lesion.views.page import page

Draw = Callable[..., str]


def sections(found: AuditedCandidates, draw: Draw) -> list[page.Table]:  # noqa: ARG001
    """The tables over candidates.

    Parameters
    ----------
    draw : draws a figure and gives it as an element of the page (`contents`)
    """
    table = found.tables["candidates"]
    text = "Each was compared with the same dense models on the same examples."
    return [page.Table("Candidates", text, "candidates.csv", *page.plain_rows(table), len(table))]
