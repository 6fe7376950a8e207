"""A rate over simulated studies, beside what it should be and the error of so many studies."""

from dataclasses import dataclass
from typing import Literal

ERRORS = 3  # binomial standard errors: of 300 cells that keep their promise one is marked, as chance has it


@dataclass(frozen=True)
class Rate:
    """One cell of the table.

    Attributes
    ----------
    what : what was counted, and in which studies
    measured : a share of the trials, in [0, 1]
    should : what was promised; None for a figure that is told and not promised
    trials : how many independent studies were simulated
    kind : how `measured` must lie to `should`
    """

    what: str
    measured: float
    should: float | None
    trials: int
    kind: Literal["equal", "at most", "at least"] = "equal"

    @property
    def error(self) -> float:
        """Binomial standard error of the measured rate where the promise is kept; 0 where nothing is promised."""
        return 0.0 if self.should is None else (self.should * (1 - self.should) / self.trials) ** 0.5

    @property
    def kept(self) -> bool:
        """Whether the promise is kept, within `ERRORS` standard errors."""
        if self.should is None:
            return True
        above, below = self.measured - self.should, self.should - self.measured
        beyond = {"equal": abs(above), "at most": above, "at least": below}[self.kind]
        return beyond <= ERRORS * self.error

    def cells(self) -> tuple[str, str, str]:
        """The row as text: what, measured (named where it is off), what it should be."""
        measured = f"{self.measured:.3f}" if self.kept else f"**{self.measured:.3f}, off**"
        if self.should is None:
            return self.what, measured, ""
        word = "" if self.kind == "equal" else f"{self.kind} "
        return self.what, measured, f"{word}{self.should:.3f} ± {self.error:.3f}"
