"""`lesion.Audit` and `lesion.Candidates`: the estimators, with plots, the page and JSON."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from lesion.artifacts.atomic import write_text
from lesion.audit import estimator
from lesion.audit.candidates import estimator as several
from lesion.audit.contract import Audited, AuditedCandidates, alone
from lesion.audit.document import document
from lesion.audit.gate.contract import Verdict
from lesion.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lesion.views.page.plots import Plot


class Plots:
    """The figures of an audit, as matplotlib's: notebooks show them, and `savefig` writes them in any format.

    Parameters
    ----------
    found : of each candidate what was found, by its name
    """

    def __init__(self, found: Mapping[str, Audited]) -> None:
        self._found = found

    def classes(self, candidate: str | None = None) -> "Figure":
        """How each class changes: of one pair of models what breaks and is fixed, of populations recall.

        Parameters
        ----------
        candidate : its name, where there are several

        Raises
        ------
        InputError
            Where there is nothing to draw, or no candidate of that name.
        """
        return self._drawn("classes", candidate, "labels of two classes or more are not known")

    def groups(self, candidate: str | None = None) -> "Figure":
        """How each group changes; as `classes`."""
        return self._drawn("groups", candidate, "labels or groups are not known")

    def flips(self, candidate: str | None = None) -> "Figure":
        """What breaks and is fixed, in classes and groups; of populations by modal labels. As `classes`."""
        return self._drawn("changed", candidate, "labels are not known, or there are no classes and groups")

    def reliability(self, candidate: str | None = None) -> "Figure":
        """How often answers of each confidence are right, before and after; as `classes`."""
        return self._drawn("reliability", candidate, "labels or the confidences of both sides are not known")

    def noise(self, candidate: str | None = None) -> "Figure":
        """How many answers differ, beside what other seeds alone change; as `classes`."""
        return self._drawn("noise", candidate, "four dense models and two compressed ones are needed")

    def _drawn(self, name: str, candidate: str | None, why_not: str) -> "Figure":
        from lesion.views.page import plots

        plot: Callable[[Audited], Plot | None] = getattr(plots, name)
        found = plot(self._one(candidate))
        if found is None:
            raise InputError(f"plot: there is nothing to draw, for {why_not}")
        return _styled(found)

    def _one(self, candidate: str | None) -> Audited:
        if candidate is None and len(self._found) == 1:
            return next(iter(self._found.values()))
        if candidate is None or candidate not in self._found:
            wrong = "a candidate expected" if candidate is None else f"no candidate is called {candidate}"
            raise InputError(f"plot: {wrong}; there are {', '.join(self._found)}")
        return self._found[candidate]


class CandidatePlots(Plots):
    """The figures of each candidate, and of all together."""

    def __init__(self, found: AuditedCandidates) -> None:
        super().__init__({candidate.name: candidate.audited for candidate in found.all})
        self._all = found

    def candidates(self) -> "Figure":
        """What is lost over what is gained: over the first fact that is a number, else the worst class over all.

        Raises
        ------
        InputError
            Where there is nothing to draw.
        """
        from lesion.views.page import plots

        plot = plots.candidates(self._all)
        if plot is None:
            raise InputError("plot: there is nothing to draw, for labels are not known, or facts and classes")
        return _styled(plot)


def _styled(plot: "Plot") -> "Figure":
    """The figure, laid out: what is drawn later has the style of this moment."""
    from lesion.views.figures import style

    with style.applied(plot.size, plot.texts):
        drawing = plot.draw()
        drawing.draw_without_rendering()
    return drawing


class Shown(ABC):
    """What an estimator that was fitted shows."""

    NEEDS_FIT: ClassVar[tuple[str, ...]] = ("plot",)

    @abstractmethod
    def candidates(self) -> AuditedCandidates:
        """All that was found, as the page and the gate read it: of an `Audit` its one candidate."""

    @property
    def plot(self) -> Plots:
        """The figures: `plot.classes()`, `.groups()`, `.flips()`, `.reliability()`, `.noise()`."""
        return Plots({candidate.name: candidate.audited for candidate in self.candidates().all})

    def to_html(self, path: str | Path | None = None, *, verdicts: Sequence[Verdict] = ()) -> str:
        """The page of `lesion audit` as one HTML document, without the files beside it.

        Parameters
        ----------
        path : a file to write it to, too
        verdicts : those of a gate (`Gate.judge`)
        """
        from lesion.views.page.contents import page_alone

        return _given(page_alone(self.candidates(), verdicts=verdicts), path)

    def to_json(self, path: str | Path | None = None) -> str:
        """All that was found as strict JSON, with the keys of `lesion audit --json` (docs/AUDIT.md).

        Parameters
        ----------
        path : a file to write it to, too
        """
        return _given(document(self.candidates()), path)


def _given(text: str, path: str | Path | None) -> str:
    """The text, written to a file, too, where one is named."""
    if path is not None:
        write_text(Path(path), text)
    return text


class Audit(Shown, estimator.Audit):  # noqa: D101  as of the class that it shows
    __doc__ = estimator.Audit.__doc__

    def candidates(self) -> AuditedCandidates:
        """What was found, of its one candidate."""
        return alone(self.audited_)


class Candidates(Shown, several.Candidates):  # noqa: D101
    __doc__ = several.Candidates.__doc__

    def candidates(self) -> AuditedCandidates:
        """What was found."""
        return self.audited_

    @property
    def plot(self) -> CandidatePlots:
        """The figures: `plot.candidates()`, and of each, such as `plot.classes("int8")`."""
        return CandidatePlots(self.audited_)
