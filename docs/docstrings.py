"""How the site reads docstrings: `name : shape and meaning` on one line, the type from the signature.

Griffe takes what follows the colon for a type.
"""

from collections.abc import Iterator
from typing import Any

import griffe

READ = (griffe.DocstringSectionParameters, griffe.DocstringSectionAttributes)


class OneLine(griffe.Extension):
    """Makes what follows the colon the description."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Amend every docstring of the package."""
        for found in _objects(pkg):
            if found.docstring is not None:
                for section in found.docstring.parsed:
                    if isinstance(section, READ):
                        for entry in section.value:
                            _amend(entry, found)


def _objects(found: griffe.Object) -> Iterator[griffe.Object]:
    yield found
    for member in found.members.values():
        if not member.is_alias:
            yield from _objects(member)


def _amend(entry: Any, found: griffe.Object) -> None:
    if isinstance(entry.annotation, str):
        entry.description = f"{entry.annotation} {entry.description}".strip()
        named = found.parameters if found.is_function or found.is_class else ()
        entry.annotation = named[entry.name].annotation if entry.name in named else None
        if entry.annotation is None and entry.name in found.members:
            entry.annotation = found.members[entry.name].annotation
