"""Iterative: train, prune some, train again, and so on; each time with the whole recipe.

As Han et al. (arXiv 1506.02626) prune and retrain, with the recipe's own learning rates each time (Renda et al., arXiv
2003.02389); with `rewind` the weights go back to where they were early in the first training, and what is found is a
lottery ticket (Frankle & Carbin, arXiv 1803.03635; later than at initialisation: arXiv 1903.01611).
"""

from pydantic import Field

from lesion.compress import schedule
from lesion.params.settings import Settings


class Options(Settings):
    """How often is pruned, and the share of the first training's steps whose weights come back (null: none do)."""

    rounds: int = Field(ge=1)
    rewind: float | None = Field(ge=0, lt=1)


class Schedule(schedule.Schedule):
    """In each round the same share of what is left goes, at the start of the trainings after the first."""

    def __init__(self, options: Options, *, steps: int) -> None:
        self._steps, self._rounds = steps, options.rounds
        self._kept = None if options.rewind is None else min(round(options.rewind * steps), steps - 1)
        self.trainings = options.rounds + 1

    def updates(self, step: int) -> bool:
        """At the first step of each training after the first."""
        return step > 0 and step % self._steps == 0

    def sparsity(self, step: int, final: float) -> float:
        """1 − (1 − final)^(k / rounds) after k rounds."""
        done = step // self._steps
        return final if done == self._rounds else 1 - (1 - final) ** (done / self._rounds)

    def keeps(self, step: int) -> bool:
        """At the step to go back to."""
        return step == self._kept

    def rewinds(self, step: int) -> bool:
        """Where masks are chosen anew."""
        return self._kept is not None and self.updates(step)
