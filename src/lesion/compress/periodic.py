"""Events that repeat at an interval while a network trains."""

from pydantic import Field

from lesion.params.settings import Settings


class Times(Settings):
    """Interval and end, as shares of the training's steps."""

    every: float = Field(gt=0, le=1)
    end: float = Field(gt=0, le=1)


class Periodic:
    """The steps of the events in a training of `steps` steps."""

    def __init__(self, times: Times, *, steps: int) -> None:
        self._every, self._end = max(1, round(times.every * steps)), round(times.end * steps)

    def updates(self, step: int) -> bool:
        """True at each multiple of the interval before the end; False at step 0."""
        return 0 < step < self._end and step % self._every == 0
