"""What the page says of one candidate: its sentences, and its tables in their order."""

import pandas as pd

from lesion.audit.comparison.comparison import SIDES
from lesion.audit.contract import Audited, Candidate, Finding
from lesion.audit.gate.contract import Verdict
from lesion.audit.headline import headline
from lesion.audit.registry import load_all
from lesion.views.page import changes, confidence, examples, flips, foresight, noise, page
from lesion.views.page.document import Part
from lesion.views.page.pictures import Pictures

SECTIONS = ("calibration", "effects", "flips", "foresight", "impact", "null", "pie", "reliability", "subgroups")
"""Statistics that the page shows in their own way; any other has its table below them."""


def part(
    candidate: Candidate,
    *,
    file: str,
    folder: str,
    mark: str,
    pie: pd.DataFrame,
    pictures: Pictures | None = None,
    verdict: Verdict | None = None,
) -> Part:
    """The part of the page about one candidate.

    Parameters
    ----------
    file : its file, as people read it
    folder, mark : as in `Part`
    pie : what `examples.found` gives
    pictures : where the pictures of examples lie
    """
    audited = candidate.audited
    single = audited.comparison.single
    of_classes, of_groups = changes.of_classes(audited), changes.of_groups(audited)
    first = flips.sections(audited) if single else [*of_classes, *of_groups]
    others = [*of_classes, *of_groups] if single else flips.whole_section(audited)
    return Part(
        name=candidate.name,
        mark=mark,
        folder=folder,
        compressed=file,
        models=models(audited, "compressed"),
        headline=headline(audited),
        findings=_findings(audited),
        notes=audited.notes,
        pays=[*first, *flips.of_labels(audited), examples.section(pie, pictures)],
        sure=noise.section(audited),
        rest=[*confidence.section(audited), *foresight.section(audited), *others, *_others(audited)],
        pairs=_pairs(audited),
        verdict=verdict,
        sources=audited.comparison.sources,
    )


def models(audited: Audited, side: str) -> str:
    """How many models a side has, as text."""
    count = audited.comparison.members[SIDES.index(side)]
    return "one model" if count == 1 else f"{count} models"


def _findings(audited: Audited) -> list[Finding]:
    said = (statistic.finding(audited) for statistic in load_all().values())
    return sorted((finding for finding in said if finding is not None), key=lambda finding: finding.place)


def _pairs(audited: Audited) -> list[tuple[str, str]]:
    """What the two models of each pair are called; none where models are independent, or have no names."""
    dense, compressed = audited.comparison.dense.names, audited.comparison.compressed.names
    if not audited.comparison.paired or dense is None or compressed is None:
        return []
    return list(zip(dense, compressed, strict=True))


def _others(audited: Audited) -> list[page.Table]:
    """The tables of statistics that have no section of their own."""
    tables = []
    for name, statistic in load_all().items():
        table = audited.tables[name]
        if name not in SECTIONS and len(table):
            title, text = name.replace("_", " ").capitalize(), (statistic.__doc__ or "").partition("\n")[0]
            rows = page.plain_rows(table.head(page.ROWS))
            tables.append(page.Table(title, text, f"{name}.{statistic.SUFFIX}", *rows, len(table)))
    return tables
