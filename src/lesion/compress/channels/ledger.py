"""What is known of the channels of a network while it runs: which are tied, and which tensors have entries for them.

A channel has a number, its label. Each activation has a tensor of labels in its own shape.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

NONE, OPAQUE = -1, -2
"""Labels of elements that are no channel: constants such as padding, and values that are not followed further."""

Role = Literal["writer", "follower", "reader"]


class Entry(NamedTuple):
    """The label of each position along one dimension of a parameter or buffer, (length,)."""

    name: str
    dim: int
    role: Role
    labels: Tensor


class Parting(NamedTuple):
    """A place where channels are parted. It is looked at when the network has run and all ties are known.

    Attributes
    ----------
    labels : of what is parted
    dims, free : of these dimensions at most `free` may tell channels apart
    reason : why channels stay otherwise
    """

    labels: Tensor
    dims: tuple[int, ...]
    free: int
    reason: str


class Ledger:
    """Labels that were given out, which of them are tied, and where they lie.

    Attributes
    ----------
    entries : where labels lie in parameters and buffers
    """

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._fixed: dict[int, str] = {}
        self._doubts: dict[int, str] = {}
        self._heads: set[int] = set()
        self._partings: list[Parting] = []
        self.entries: list[Entry] = []

    def new(self, count: int) -> Tensor:
        """Labels of `count` new channels, int64 (count,)."""
        first = len(self._parent)
        self._parent.extend(range(first, first + count))
        return torch.arange(first, first + count)

    def root(self, label: int) -> int:
        """The label that stands for all that are tied to `label`."""
        while self._parent[label] != label:
            self._parent[label] = self._parent[self._parent[label]]
            label = self._parent[label]
        return label

    def roots(self, labels: Tensor) -> Tensor:
        """`root` of each label, in the same shape; labels that are no channels stay."""
        values, places = labels.unique(return_inverse=True)  # type: ignore[no-untyped-call]
        found: Tensor = torch.tensor(
            [self.root(one) if one >= 0 else one for one in values.tolist()], dtype=torch.int64
        )
        return found[places]

    def tie(self, one: Tensor, other: Tensor) -> None:
        """Tie channels pairwise, (n,) and (n,). A channel that is tied to an opaque value cannot leave."""
        pairs = torch.stack([one.flatten(), other.flatten()]).unique(dim=1)  # type: ignore[no-untyped-call]
        for left, right in pairs.T.tolist():
            if left >= 0 and right >= 0:
                first, second = sorted((self.root(left), self.root(right)))
                self._parent[second] = first
            elif min(left, right) == OPAQUE and max(left, right) >= 0:
                self._fixed.setdefault(max(left, right), "added to a value that is not followed")

    def fix(self, labels: Tensor, reason: str) -> None:
        """Say that these channels cannot leave, and why. The first reason counts."""
        for label in labels.unique().tolist():  # type: ignore[no-untyped-call]
            if label >= 0:
                self._fixed.setdefault(label, reason)

    def doubt(self, labels: Tensor, reason: str) -> None:
        """Say that these channels can leave only if the network's code can do with fewer; `reason`: what may not."""
        for label in labels.unique().tolist():  # type: ignore[no-untyped-call]
            if label >= 0:
                self._doubts.setdefault(label, reason)

    def head(self, labels: Tensor) -> None:
        """Say that these channels belong to heads of attention."""
        self._heads.update(label for label in labels.unique().tolist() if label >= 0)  # type: ignore[no-untyped-call]

    def part(self, parting: Parting) -> None:
        """Note a place where channels are parted. They are doubtful, and `close` says what it means for them."""
        self._partings.append(parting)
        self.doubt(parting.labels, parting.reason)

    def close(self) -> None:
        """Tie and fix channels where they are parted, when all other ties are known.

        A view with (groups, channels) of which both tell channels apart ties the j-th channels of all groups. What is
        parted at fixed places is fixed.
        """
        for labels, dims, free, reason in self._partings:
            found = self.roots(labels)
            apart = [dim for dim in dims if varies(found, dim)]
            for dim in apart[: len(apart) - free] if free else ():
                self.tie(found.narrow(dim, 0, 1).expand_as(found), found)
            if apart and not free:
                self.fix(labels, reason)

    def add(self, name: str, dim: int, role: Role, labels: Tensor) -> None:
        """Note where channels lie in a tensor of the state dict: labels (length along `dim`,).

        A layer that runs again ties its channels to those of the first time.
        """
        for entry in self.entries:
            if entry[:3] == (name, dim, role):
                self.tie(entry.labels, labels)
                return
        self.entries.append(Entry(name, dim, role, labels))

    def reasons(self) -> dict[int, str]:
        """Why channels cannot leave, by the label that stands for them."""
        return self._by_root(self._fixed)

    def doubts(self) -> dict[int, str]:
        """What may not do with fewer channels, by the label that stands for them."""
        return self._by_root(self._doubts)

    def heads(self) -> Collection[int]:
        """The labels that stand for heads of attention."""
        return {self.root(label) for label in self._heads}

    def _by_root(self, by_label: Mapping[int, str]) -> dict[int, str]:
        found: dict[int, str] = {}
        for label, reason in by_label.items():
            found.setdefault(self.root(label), reason)
        return found


def along(labels: Tensor, dim: int, ledger: Ledger, reason: str) -> Tensor:
    """The label of each position along `dim`, (length,), of labels that are the same in all other dimensions.

    Where they are not, the channels are fixed with `reason` and the position is opaque.
    """
    flat = labels.movedim(dim, 0).flatten(1) if labels.dim() > 1 else labels[:, None]
    low, high = flat.amin(dim=1), flat.amax(dim=1)
    mixed = low != high
    ledger.fix(flat[mixed], reason)
    return torch.where(mixed, OPAQUE, high)


def spread(labels: Tensor, shape: Sequence[int], dim: int) -> Tensor:
    """Labels in `shape` of an activation whose channels, (length,), lie along `dim`."""
    view = [1] * len(shape)
    view[dim] = len(labels)
    return labels.view(view).expand(*shape).contiguous()


def varies(labels: Tensor, dim: int) -> bool:
    """True if labels are not the same along `dim`."""
    return bool((labels != labels.narrow(dim, 0, 1)).any())
