"""The state from which a killed training continues: finished members, and snapshots of the one in training.

It lies in a folder that neither engine deletes.
"""

import logging
import os
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lesion.artifacts.checkpoints import read_facts, read_members, write_checkpoint
from lesion.errors import InputError
from lesion.models.build import load_state

log = logging.getLogger(__name__)

SNAPSHOT_SECONDS = float(os.environ.get("LESION_SNAPSHOT_SECONDS", "300"))  # at most this much work is lost
MOMENTUM, LOSS = "momentum_buffer", "loss"


def _stamped(path: Path, stamp: str) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """The tensors and facts of a file, if it is whole and bears this stamp."""
    try:
        found = read_facts(path)
        if found.get("stamp") != stamp:
            return None
        [(_, tensors)] = read_members(path)
    except InputError:
        return None
    return tensors, found["facts"]


class Snapshots:
    """The state of one member's training after some step, in one file that is replaced from time to time.

    Weights, masks and batch-norm statistics are in the model's state, the rest of the state is the optimiser's
    momentum and the loss of the epoch so far; what is drawn at random depends on the step alone.
    """

    def __init__(self, path: Path | None, *, stamp: str = "", seconds: float = SNAPSHOT_SECONDS) -> None:
        self._path, self._stamp, self._seconds = path, stamp, seconds
        self._last = time.monotonic()

    def restore(self, model: nn.Module, optimiser: Optimizer) -> tuple[int, Tensor]:
        """Load the snapshot into the model and the optimiser.

        Returns the number of steps done (0 without a snapshot), and the summed loss of the epoch so far.
        """
        found = None if self._path is None else _stamped(self._path, self._stamp)
        if found is None:
            return 0, torch.zeros(())
        tensors, facts = found
        total = tensors.pop(LOSS)
        for name, parameter in model.named_parameters():
            if (momentum := tensors.pop(f"{MOMENTUM}.{name}", None)) is not None:
                optimiser.state[parameter][MOMENTUM] = torch.empty_like(parameter).copy_(momentum)
        load_state(model, tensors)
        log.info("goes on after step %d, from %s", facts["step"], self._path)
        return facts["step"], total

    def offer(self, step: int, total: Tensor, model: nn.Module, optimiser: Optimizer) -> None:
        """Write the state after `step` steps, unless the last snapshot was written less than `seconds` ago."""
        if self._path is None or time.monotonic() - self._last < self._seconds:
            return
        state = dict(model.state_dict())
        for name, parameter in model.named_parameters():
            if (momentum := optimiser.state[parameter].get(MOMENTUM)) is not None:
                state[f"{MOMENTUM}.{name}"] = momentum
        state[LOSS] = total
        write_checkpoint(self._path, {0: state}, stamp=self._stamp, facts={"step": step})
        self._last = time.monotonic()


NEVER = Snapshots(None)


def resume_folder(checkpoint: Path) -> Path:
    """Where the finished members of an unfinished shard lie: `results/.resume/<study>/<variant>/<shard>`."""
    study, _, variant = checkpoint.parent.parts[-3:]
    return checkpoint.parents[3] / ".resume" / study / variant / checkpoint.stem


class Resume:
    """An unfinished shard: finished members, each a file stamped with all that its weights depend on, and snapshots."""

    def __init__(self, folder: Path, *, stamp: str) -> None:
        self._folder, self._stamp = folder, stamp

    def _member(self, member: int) -> Path:
        return self._folder / f"{member}.safetensors"

    def _snapshot(self, member: int) -> Path:
        return self._folder / f"{member}.snapshot.safetensors"

    def load(self, member: int) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """The tensors and facts of a member that was trained under the same stamp, or None."""
        path = self._member(member)
        found = _stamped(path, self._stamp)
        if found is not None:
            log.info("member %d: already trained, taken from %s", member, path)
        return found

    def save(self, member: int, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        """Write a finished member, and delete its snapshot."""
        write_checkpoint(self._member(member), {member: tensors}, stamp=self._stamp, facts=facts)
        self._snapshot(member).unlink(missing_ok=True)

    def snapshots(self, member: int) -> Snapshots:
        """Snapshots of the member in training. Their stamp has its number, since each member has seeds of its own."""
        return Snapshots(self._snapshot(member), stamp=f"{self._stamp} {member}")

    def clear(self) -> None:
        """Delete the folder, once the checkpoint of the shard is written."""
        if not self._folder.exists():
            return
        for path in self._folder.iterdir():
            path.unlink()
        self._folder.rmdir()  # those above it may be another job's at this moment
