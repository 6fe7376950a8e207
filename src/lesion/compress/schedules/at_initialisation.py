"""At initialisation: prune before the first step, then train the sparse network."""

from lesion.compress import schedule
from lesion.params.settings import Settings


class Options(Settings):
    """No settings."""


class Schedule(schedule.Schedule):
    """The final sparsity at step 0."""

    def __init__(self, options: Options, *, steps: int) -> None: ...

    def updates(self, step: int) -> bool:
        """True at step 0."""
        return step == 0

    def sparsity(self, step: int, final: float) -> float:  # noqa: ARG002
        """The final sparsity."""
        return final
