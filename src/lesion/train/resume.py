"""Finished members of an unfinished shard, kept where no engine deletes them, so that a killed training goes on."""

import logging
from pathlib import Path
from typing import Any

from torch import Tensor

from lesion.artifacts import paths
from lesion.artifacts.checkpoints import read_facts, read_members, write_checkpoint
from lesion.errors import InputError

log = logging.getLogger(__name__)


class Resume:
    """The finished members of one shard, each a file that is stamped with everything that its weights depend on."""

    def __init__(self, study: str, variant: str, shard: str, *, stamp: str) -> None:
        self._names = (study, variant, shard)
        self._stamp = stamp

    def _path(self, member: int) -> Path:
        return paths.resume(*self._names, member)

    def load(self, member: int) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """The tensors and facts of a member that was trained under the same stamp, or None."""
        path = self._path(member)
        try:
            facts = read_facts(path)
        except InputError:
            return None
        if facts.get("stamp") != self._stamp:
            return None
        log.info("member %d: already trained, taken from %s", member, path)
        [(_, tensors)] = read_members(path)
        return tensors, facts["facts"]

    def save(self, member: int, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        """Keep a finished member."""
        write_checkpoint(self._path(member), {member: tensors}, stamp=self._stamp, facts=facts)

    def clear(self, members: range) -> None:
        """Forget the members of a shard that is written, and the folder that held them."""
        folder = self._path(members[0]).parent
        for path in folder.iterdir() if folder.exists() else ():
            path.unlink()
        if folder.exists():
            folder.rmdir()  # those above it may be another job's at this moment
