"""Reads batches ahead in worker processes while a model computes."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from torch.utils.data import DataLoader

from lesion.errors import InputError

T = TypeVar("T")
R = TypeVar("R")


class _Tasks(Generic[T, R]):
    """The tasks of a worker. An InputError is returned as a value, since torch adds lines to a raised one."""

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
    """Yield `read(task)` for each task, in order. Each of `workers` processes works up to two tasks ahead.

    Only these results are in memory. Without workers each task is read when it is needed.

    Raises
    ------
    InputError
        If `read` raises one, in this process or in a worker.
    """
    if not workers:
        yield from map(read, tasks)
        return
    loader: Any = DataLoader(_Tasks(read, tasks), batch_size=None, num_workers=workers)  # type: ignore[arg-type]
    for result in loader:
        if isinstance(result, InputError):
            raise result
        yield result
