"""Sets of channels that are tied to each other, and where they lie in the tensors of a network."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Slice:
    """Where the channels of a set lie in one tensor of the state dict.

    Attributes
    ----------
    name, dim : the tensor, and the dimension along which channels are laid out
    index : int64 (n, k); channel j of the set has the entries `index[j]` along `dim`
    """

    name: str
    dim: int
    index: Tensor

    def put(self, tensor: Tensor, values: Tensor) -> None:
        """Set all entries of each channel in `tensor`, in place, to its value: (n,)."""
        index = self.index.to(tensor.device)
        spread = values.to(tensor.dtype).repeat_interleave(index.shape[1])
        tensor.movedim(self.dim, -1)[..., index.flatten()] = spread


@dataclass(frozen=True)
class ChannelSet:
    """Channels with the same layout. A channel leaves the network with all of its slices, or stays with all of them.

    Attributes
    ----------
    size : number of channels, n
    writers : rows of the weights of convolutions and linear layers that compute the channels. Channels that meet in a
        sum or a product have a writer for each layer that contributes
    followers : what else has an entry for each channel: biases, norms, depthwise filters, scales
    readers : columns of the weights that read the channels; after a flatten a channel has a column for each position
    fixed : why the channels cannot leave; empty if they can
    heads : True if the channels are heads of attention, each with the rows of its queries, keys and values
    """

    size: int
    writers: tuple[Slice, ...]
    followers: tuple[Slice, ...]
    readers: tuple[Slice, ...]
    fixed: str = ""
    heads: bool = False

    @property
    def slices(self) -> tuple[Slice, ...]:
        """All slices."""
        return self.writers + self.followers + self.readers
