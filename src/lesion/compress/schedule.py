"""The base class of pruning schedules."""


class Schedule:
    """When masks are chosen, and how sparse they are.

    Attributes
    ----------
    trainings : how many times the recipe runs, one after the other; more than 1 only in iterative pruning
    monotone : True if pruned weights stay pruned
    """

    trainings: int = 1
    monotone: bool = True

    def updates(self, step: int) -> bool:
        """True if masks are chosen anew before `step`, counted from 0 over all trainings."""
        raise NotImplementedError

    def sparsity(self, step: int, final: float) -> float:
        """Sparsity of the masks that are chosen before `step`, on the way to `final`."""
        raise NotImplementedError

    def saves(self, step: int) -> bool:  # noqa: ARG002
        """True if all weights are saved before `step`, to be restored later."""
        return False

    def rewinds(self, step: int) -> bool:  # noqa: ARG002
        """True if the saved weights are restored before `step`."""
        return False
