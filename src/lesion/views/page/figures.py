"""The figures of an audit as files, and figures on the page that are drawn by matplotlib."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from pathlib import Path

import matplotlib.figure

from lesion.audit.contract import Audited
from lesion.params.figure import Figure
from lesion.views.figures import saving
from lesion.views.page import plots
from lesion.views.page.folder import Writer

SUFFIXES = ("svg",)
"""Of the figures. A PDF takes as long again: `lesion.Audit.plot` makes the same figures for any format."""


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
        of_pair = {"flips": plots.changed}
        of_populations = {"classes": plots.classes, "subgroups": plots.groups}
        known = of_pair if audited.comparison.single else of_populations
        for name, plot in {"noise": plots.noise, **known, "reliability": plots.reliability}.items():
            if (found := plot(audited)) is not None:
                self.write(name, found.size, found.draw, found.texts)


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def inline(svg: str, name: str, description: str) -> str:
    """A figure as an element of the page, its ids told apart from those of other figures by `name`."""
    text = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(description)}" ', 1)
