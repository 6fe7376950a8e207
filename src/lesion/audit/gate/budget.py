"""Reading a budget: from a file of its own, or from what Python or params.yaml hold."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lesion.errors import InputError
from lesion.params.budget import MEASURES, Budget
from lesion.params.document import LOADER

FRACTION = 0.1
"""A limit up to this many points may be a fraction by mistake, and is told."""


@dataclass(frozen=True)
class ReadBudget:
    """A budget, and what a verdict says of it.

    Attributes
    ----------
    name : of the file; of a budget from elsewhere, what it is
    sha256 : of the file's bytes; of a budget from elsewhere, of its JSON with sorted keys
    """

    budget: Budget
    name: str
    sha256: str

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on limits that may be meant otherwise."""
        return tuple(
            f"{self.name}: {key}.{measure}: {value:g} is {value:g} points, or {_in(value)}; a fraction would be "
            f"written {100 * value:g}."
            for key, limits in self.budget.parts.items()
            for measure in MEASURES
            if (value := getattr(limits, measure)) is not None and 0 < value <= FRACTION
        )


def _in(value: float) -> str:
    return f"1 answer in {100 / value:,.0f}"


def read_budget(path: Path) -> ReadBudget:
    """Read a budget file (docs/GATE.md).

    Raises
    ------
    InputError
        Where it cannot be read, is not YAML, has a key twice, or is no budget; the message names file and key.
    """
    try:
        content = path.read_bytes()
        data = yaml.load(content.decode("utf-8-sig"), Loader=_Loader)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; `lesion audit --write-budget {path}` writes an example") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise InputError(f"{path}: no budget; `lesion audit --write-budget budget.yaml` writes an example")
    return ReadBudget(_checked(Budget.read(data, where="", file=str(path)), str(path)), path.name, _digest(content))


def given_budget(budget: Mapping[str, Any] | Budget, name: str = "budget") -> ReadBudget:
    """A budget that is no file.

    Parameters
    ----------
    name : what messages and verdicts call it

    Raises
    ------
    InputError
        Where it is no budget; the message names the key.
    """
    found = budget if isinstance(budget, Budget) else Budget.read(dict(budget), where="", file=name)
    content = json.dumps(found.model_dump(), sort_keys=True)
    return ReadBudget(_checked(found, name), name, _digest(content.encode("utf-8", "backslashreplace")))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _checked(budget: Budget, name: str) -> Budget:
    """The budget, where it holds a limit: a gate without one passes everything."""
    parts = budget.parts.values()
    if all(getattr(limits, measure) is None for limits in parts for measure in MEASURES):
        raise InputError(f"{name}: holds no limit ({', '.join(MEASURES)}), so nothing could fail")
    return budget


class _Loader(LOADER):  # type: ignore[misc]  # PyYAML has no types
    """Keys are text as it is written, for a class may be called 1, 07, no or null; each stands once."""

    def construct_named(self, node: yaml.MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is a name", key.start_mark)
            if key.value in found:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands twice", key.start_mark)
            found[key.value] = self.construct_object(value, deep=True)
        return found


_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.construct_named)
