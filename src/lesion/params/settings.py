"""The base class of every part of params.yaml."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from lesion.errors import InputError


class Settings(BaseModel):
    """Frozen and strict: an unknown key or a value of another type is an error, never a silent default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @classmethod
    def read(cls, values: Mapping[str, Any], *, where: str) -> Self:
        """Validate `values`, which stand at the dotted key `where`; InputError names the first key at fault."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in (where, *first["loc"]) if part != "")
            raise InputError(f"params.yaml: {key}: {first['msg']} (found {first['input']!r})") from None
