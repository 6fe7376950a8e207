"""The weights of a network at one moment, kept in its state to be put back later."""

from torch import Tensor, nn

from lesion.compress.masks import prunable

NAME = "kept"


class Rewind:
    """All parameters and batch-norm statistics of a network that has no masks yet, as buffers of the network.

    They lie in a layer and not at the top, for a sequence of modules would take them for one of its own.
    """

    def __init__(self, model: nn.Module) -> None:
        live = [*model.named_parameters(), *model.named_buffers()]
        self._live = {name.replace(".", "/"): tensor for name, tensor in live}
        _, self._owner, _ = next(prunable(model))
        self._owner.add_module(NAME, holder := nn.Module())
        for name, tensor in self._live.items():
            holder.register_buffer(name, tensor.detach().clone())

    def _kept(self) -> dict[str, Tensor]:
        return dict(self._owner.get_submodule(NAME).named_buffers())

    def keep(self) -> None:
        """Keep the weights as they are now."""
        for name, kept in self._kept().items():
            kept.copy_(self._live[name].detach())

    def restore(self) -> None:
        """Put the kept weights back."""
        for name, kept in self._kept().items():
            self._live[name].detach().copy_(kept)

    def remove(self) -> None:
        """Leave the network without them."""
        del self._owner._modules[NAME]
