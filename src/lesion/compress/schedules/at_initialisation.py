"""At initialisation: pruned before the first step, and trained sparse from there."""

from lesion.compress import schedule
from lesion.params.settings import Settings


class Options(Settings):
    """None."""


class Schedule(schedule.Schedule):
    """All of the sparsity at step 0."""

    def __init__(self, options: Options, *, steps: int) -> None: ...

    def updates(self, step: int) -> bool:
        """At step 0."""
        return step == 0

    def sparsity(self, step: int, final: float) -> float:  # noqa: ARG002
        """The final one."""
        return final
