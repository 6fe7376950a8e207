"""Saves the weights of a network in its own state, to restore them later."""

from torch import Tensor, nn

from lesion.compress.masks import prunable

NAME = "saved"


class Rewind:
    """A copy of all parameters and batch-norm statistics, as buffers of the network. Made before it gets masks.

    The buffers belong to the first prunable layer: at the top level an nn.Sequential would run them as a layer.
    """

    def __init__(self, model: nn.Module) -> None:
        live = [*model.named_parameters(), *model.named_buffers()]
        self._live = {name.replace(".", "/"): tensor for name, tensor in live}
        _, self._owner, _ = next(prunable(model))
        self._owner.add_module(NAME, holder := nn.Module())
        for name, tensor in self._live.items():
            holder.register_buffer(name, tensor.detach().clone())

    def _saved(self) -> dict[str, Tensor]:
        return dict(self._owner.get_submodule(NAME).named_buffers())

    def save(self) -> None:
        """Copy the current weights."""
        for name, saved in self._saved().items():
            saved.copy_(self._live[name].detach())

    def restore(self) -> None:
        """Put the copied weights back."""
        for name, saved in self._saved().items():
            self._live[name].detach().copy_(saved)

    def remove(self) -> None:
        """Delete the copy."""
        del self._owner._modules[NAME]
