"""Examples for a model file, whatever they lie in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from lesion.deploy.contract import Array

Feeds = dict[str, Array]
"""Name of a model's input -> a batch for it."""


@dataclass(frozen=True)
class Given:
    """n examples, read a batch at a time.

    Attributes
    ----------
    source : the file or folder, for messages
    count : n
    read : start and stop -> the inputs of these examples by name, as the source holds them
    example_id : (n,) text or integers
    label : (n,) names or ids of classes, None if unknown
    attributes : (n,) each, by name
    folders : names of the folders of classes, None if the source has none
    shown : one sentence that says how images become inputs; empty for arrays, which are inputs
    """

    source: Path
    count: int
    read: Callable[[int, int], Feeds]
    example_id: pa.Array
    label: pa.Array | None
    attributes: Mapping[str, pa.Array] = field(default_factory=dict)
    folders: tuple[str, ...] | None = None
    shown: str = ""
