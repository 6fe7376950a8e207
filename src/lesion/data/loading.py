"""Reading ahead: batches made by worker processes while a model computes."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from torch.utils.data import DataLoader

from lesion.errors import InputError

T = TypeVar("T")
R = TypeVar("R")


class _Tasks(Generic[T, R]):
    """What a worker is given: `read` of one task; bad input comes back as a value, since a raised one gains lines."""

    def __init__(self, read: Callable[[T], R], tasks: Sequence[T]) -> None:
        self._read, self._tasks = read, tasks

    def __len__(self) -> int:
        return len(self._tasks)

    def __getitem__(self, place: int) -> R | InputError:
        try:
            return self._read(self._tasks[place])
        except InputError as error:
            return error


def load(read: Callable[[T], R], tasks: Sequence[T], *, workers: int) -> Iterator[R]:
    """`read` of each task, in order, tensors in what comes back; `workers` processes stay two tasks each ahead.

    Nothing but a few results is held at a time. With no workers, each is read when it is asked for.

    Raises
    ------
    InputError
        That of `read`, wherever it ran.
    """
    if not workers:
        yield from map(read, tasks)
        return
    loader: Any = DataLoader(_Tasks(read, tasks), batch_size=None, num_workers=workers)  # type: ignore[arg-type]
    for result in loader:
        if isinstance(result, InputError):
            raise result
        yield result
