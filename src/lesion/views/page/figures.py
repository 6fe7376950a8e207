"""The figures of an audit as files, and figures on the page that are drawn by matplotlib."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from pathlib import Path

import matplotlib.figure

from lesion.audit.contract import Audited
from lesion.audit.statistics.subgroups import ALL
from lesion.params.figure import Figure
from lesion.views.figures import saving
from lesion.views.page import drawings, flips
from lesion.views.page.folder import Writer

SUFFIXES = ("svg",)
"""Of the figures. A PDF takes as long again: `lesion.Audit.plot` makes the same figures for any format."""
NOISE = Figure(width=8.0, height=3.0, font_size=9.0)
CONFIDENCE = Figure(width=6.5, height=5.0, font_size=9.0)


@dataclass
class Figures:
    """Figures drawn so far: the `writers` of their files.

    Attributes
    ----------
    folder : where their files lie, ending in /; "" beside the page
    mark : what their ids on the page begin with
    """

    folder: str = ""
    mark: str = ""
    writers: dict[str, Writer] = field(default_factory=dict)

    def draw(
        self,
        name: str,
        size: Figure,
        description: str,
        drawn: Callable[[], matplotlib.figure.Figure],
        texts: Sequence[str] = (),
    ) -> str:
        """Draw a figure, keep its files, and return it as an element of the page, which scrolls where it is too wide.

        Parameters
        ----------
        name : of its files
        texts : text from data that it shows
        """
        svg = inline(self.write(name, size, drawn, texts).decode(), f"{self.mark}{name}", description)
        return f'<div class="drawn" role="region" tabindex="0" aria-label="{escape(description)}">{svg}</div>'

    def write(
        self, name: str, size: Figure, drawn: Callable[[], matplotlib.figure.Figure], texts: Sequence[str] = ()
    ) -> bytes:
        """Draw a figure and keep its files; the SVG."""
        made = saving.files(drawn, size, texts, suffixes=SUFFIXES)
        for suffix, content in made.items():
            self.writers[f"{self.folder}figures/{name}.{suffix}"] = partial(_write, content)
        return made["svg"]

    def of_audit(self, audited: Audited) -> None:
        """Draw what the page shows in its tables once more, as files for a slide or a paper."""
        null, table = audited.tables["null"], audited.tables["flips"]
        if len(null):
            self.write("noise", NOISE, partial(drawings.noise, null))
        if not audited.comparison.single:
            self._intervals(audited)
        elif table["change"].iloc[1:].notna().any():
            self._flips(audited)
        if len(bins := audited.tables["reliability"]):
            self.write("reliability", CONFIDENCE, partial(drawings.confidence, bins))

    def _flips(self, audited: Audited) -> None:
        table = audited.tables["flips"]
        ordered = flips.shown(table)
        if ordered.empty:
            return
        ordered = ordered.iloc[drawings.extremes(ordered["change"])]
        names = [flips.named(row) for row in ordered.to_dict("records")]
        draw = partial(drawings.flips, ordered, names, average=table["change"].iloc[0], alpha=audited.alpha)
        self.write("flips", drawings.size(len(ordered)), draw, names)

    def _intervals(self, audited: Audited) -> None:
        classes, groups = audited.tables["impact"], audited.tables["subgroups"]
        if len(classes):
            ordered = classes.iloc[drawings.extremes(classes["change"])]
            names = [str(name) for name in ordered["name"]]
            self._changes(audited, "classes", ordered, names, unit="recall", sign=1)
        errors = groups[(groups["measure"] == "error") & (groups["attribute"] != ALL)]
        if len(errors):
            ordered = errors.iloc[drawings.extremes(-errors["change"])]
            names = [f"{row['attribute']}: {row['group']}" for row in ordered.to_dict("records")]
            self._changes(audited, "subgroups", ordered, names, unit="the error rate", sign=-1)

    def _changes(self, audited: Audited, name: str, ordered: object, names: list[str], *, unit: str, sign: int) -> None:
        kind = "groups" if name == "subgroups" else name
        draw = partial(
            drawings.intervals,
            f"Which {kind} change more than the average?",
            ordered,
            names,
            average=sign * audited.summary.loc["compressed", "top1_change"],
            unit=unit,
            alpha=audited.alpha,
        )
        self.write(name, drawings.size(len(names)), draw, names)


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def inline(svg: str, name: str, description: str) -> str:
    """A figure as an element of the page, its ids told apart from those of other figures by `name`."""
    text = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(description)}" ', 1)
