"""The base class of every part of params.yaml."""

from collections.abc import Mapping
from typing import Annotated, Any, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from lesion.errors import InputError


class Settings(BaseModel):
    """Frozen and strict: an unknown key or a value of another type is an error, never a silent default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @classmethod
    def read(cls, values: Mapping[str, Any], *, where: str, file: str = "params.yaml") -> Self:
        """Validate `values`, which stand at the dotted key `where` of `file`; InputError names the first fault."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in (where, *first["loc"]) if part != "")
            if first["type"] == "extra_forbidden":
                from lesion.params.document import nearest  # imports PyYAML, which an audit does not need

                expected = nearest(str(first["loc"][-1]), cls._keys_at(first["loc"][:-1]))
                raise InputError(f"{file}: {key}: there is no such key{expected}") from None
            place = f"{key}: " if key else ""
            raise InputError(f"{file}: {place}{first['msg']} (found {first['input']!r})") from None

    @classmethod
    def _keys_at(cls, location: tuple[int | str, ...]) -> list[str]:
        """The keys of the settings at `location` within this class; none if they are unknown."""
        found: Any = cls
        for part in location:
            field = found.model_fields.get(part) if _is_settings(found) else None
            found = field.annotation if field is not None else (get_args(found) or (None,))[-1]
            while get_origin(found) is Annotated or type(None) in get_args(found):
                found = get_args(found)[0]
        return list(found.model_fields) if _is_settings(found) else []


def _is_settings(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Settings)
