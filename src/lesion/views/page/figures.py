"""The figures of an audit as files, for a slide or a paper."""

from dataclasses import dataclass, field

from lesion.audit.contract import Audited, AuditedCandidates
from lesion.views.figures import saving
from lesion.views.page import plots
from lesion.views.page.folder import Writer, writer

SUFFIXES = ("svg",)
"""Of the figures. A PDF takes as long again: `lesion.Audit.plot` makes the same figures for any format."""


@dataclass
class Figures:
    """Figures drawn so far: the `writers` of their files.

    Attributes
    ----------
    folder : where their files lie, ending in /; "" beside the page
    mark : what the ids of the candidate begin with on the page
    """

    folder: str = ""
    mark: str = ""
    writers: dict[str, Writer] = field(default_factory=dict)

    def of_candidates(self, found: AuditedCandidates) -> None:
        """Draw what candidates lose over what is gained."""
        self._write("candidates", plots.candidates(found))

    def of_audit(self, audited: Audited) -> None:
        """Draw what the page shows in its tables."""
        of_pair = {"flips": plots.changed}
        of_populations = {"classes": plots.classes, "subgroups": plots.groups}
        known = of_pair if audited.comparison.single else of_populations
        for name, plot in {"noise": plots.noise, **known, "reliability": plots.reliability}.items():
            self._write(name, plot(audited))

    def _write(self, name: str, plot: plots.Plot | None) -> None:
        if plot is None:
            return
        for suffix, content in saving.files(plot.draw, plot.size, plot.texts, suffixes=SUFFIXES).items():
            self.writers[f"{self.folder}figures/{name}.{suffix}"] = writer(content)
