"""What every pruning schedule says; by default that nothing happens."""


class Schedule:
    """When masks are chosen, and how sparse they are then.

    Attributes
    ----------
    trainings : how many times the recipe is run, one after the other; more than 1 for iterative pruning alone
    monotone : whether what is once pruned stays so
    """

    trainings: int = 1
    monotone: bool = True

    def updates(self, step: int) -> bool:
        """Whether masks are chosen anew before `step` (from 0)."""
        raise NotImplementedError

    def sparsity(self, step: int, final: float) -> float:
        """The sparsity of the masks that are chosen at `step`, on the way to the `final` one."""
        raise NotImplementedError

    def keeps(self, step: int) -> bool:  # noqa: ARG002
        """Whether all weights as they are before `step` are kept, to be put back later."""
        return False

    def rewinds(self, step: int) -> bool:  # noqa: ARG002
        """Whether the weights that were kept are put back before `step`."""
        return False
