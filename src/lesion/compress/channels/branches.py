"""Residual blocks without their branch, where it adds nothing."""

from collections.abc import Collection, Iterator

from torch import nn

from lesion.models.residual import Block


def _droppable(model: nn.Module) -> Iterator[tuple[str, Block]]:
    for name, block in model.named_modules():
        if isinstance(block, Block) and block.can_drop():
            yield name, block


def drop_zero_branches(model: nn.Module) -> None:
    """Take out the branches that are zero for every input, in place: all parameters of their last layer are zero."""
    for _, block in list(_droppable(model)):
        last = block.get_submodule(block.branch[-1])
        if not any(bool(parameter.any()) for parameter in last.parameters()):
            block.drop_branch()


def drop_missing_branches(model: nn.Module, names: Collection[str]) -> None:
    """Take out the branches of which no tensor is among `names`, those of a stored network; in place."""
    for path, block in list(_droppable(model)):
        prefixes = tuple(f"{path}.{part}." for part in block.branch)
        if not any(name.startswith(prefixes) for name in names):
            block.drop_branch()
