"""One-shot: train dense, prune once, fine-tune for the rest of the same training."""

from pydantic import Field

from lesion.compress import schedule
from lesion.params.settings import Settings


class Options(Settings):
    """The step at which to prune, as a share of the training steps."""

    at: float = Field(gt=0, lt=1)


class Schedule(schedule.Schedule):
    """The final sparsity at one step."""

    def __init__(self, options: Options, *, steps: int) -> None:
        self._step = min(max(1, round(options.at * steps)), steps - 1)

    def updates(self, step: int) -> bool:
        """True at that step."""
        return step == self._step

    def sparsity(self, step: int, final: float) -> float:  # noqa: ARG002
        """The final sparsity."""
        return final
