"""Iterative: train, prune some weights, train again by the whole recipe, and so on.

Without `rewind` this is the pruning and retraining of Han et al. (arXiv 1506.02626), with the recipe's learning rates
in each training (Renda et al., arXiv 2003.02389). With `rewind` the weights return to their values early in the first
training: lottery tickets (Frankle & Carbin, arXiv 1803.03635; rewinding to a later step: arXiv 1903.01611).
"""

from pydantic import Field

from lesion.compress import schedule
from lesion.params.settings import Settings


class Options(Settings):
    """Number of pruning rounds, and the step to rewind to as a share of the first training (null: no rewinding)."""

    rounds: int = Field(ge=1)
    rewind: float | None = Field(ge=0, lt=1)


class Schedule(schedule.Schedule):
    """Each round prunes the same share of the remaining weights, at the start of each training after the first."""

    def __init__(self, options: Options, *, steps: int) -> None:
        self._steps, self._rounds = steps, options.rounds
        self._saved = None if options.rewind is None else min(round(options.rewind * steps), steps - 1)
        self.trainings = options.rounds + 1

    def updates(self, step: int) -> bool:
        """True at the first step of each training after the first."""
        return step > 0 and step % self._steps == 0

    def sparsity(self, step: int, final: float) -> float:
        """1 − (1 − final)^(k / rounds) after k rounds."""
        done = step // self._steps
        return final if done == self._rounds else 1 - (1 - final) ** (done / self._rounds)

    def saves(self, step: int) -> bool:
        """True at the step to rewind to."""
        return step == self._saved

    def rewinds(self, step: int) -> bool:
        """True at each update of the masks, if the schedule rewinds."""
        return self._saved is not None and self.updates(step)
