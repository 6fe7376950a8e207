"""Members that were trained elsewhere, written as if they had been trained here."""

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from lesion import plugins
from lesion.artifacts.checkpoints import write_checkpoint
from lesion.compress.contracts import PretrainedMethod
from lesion.compress.encoding import encode
from lesion.data.images import FileImages
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.models.build import build
from lesion.models.checkpoint_parts import parts
from lesion.models.foreign_weights import load_foreign_weights
from lesion.models.inputs import own_input
from lesion.params.shard import members

log = logging.getLogger(__name__)


def take_population(
    study: str,
    variant: str,
    shard: str,
    *,
    model: dict[str, Any],
    compression: dict[str, Any],
    split: Split,
    checkpoint: Path,
) -> None:
    """Write the checkpoint of a shard from the files that a `pretrained` variant names.

    The metadata of each member have the SHA-256 of its file, or of the bytes of several: its origin. Members that are
    derived from it have the same origin, by which the audit recognises pairs. If the network's publisher shows images
    otherwise than the study does, and `model.input` does not say how, a warning is logged.

    Raises
    ------
    InputError
        Names the checkpoint that is missing, unreadable or of another model.
    """
    warn_of_own_input(model, split)
    source: PretrainedMethod = plugins.load("method", compression["method"])
    options = plugins.options("method", compression, where=f"variants.{variant}", key="method")
    network, names = build(model, split), source.load_names(options)
    taken, facts = {}, {}
    files = {member: source.path(options, study=study, member=member) for member in members(shard)}
    for member, file in files.items():
        weights = source.load_member(options, study=study, member=member)
        try:
            load_foreign_weights(network, weights, names)
        except InputError as error:
            raise InputError(f"{file}: {error}") from None
        taken[member] = encode({name: tensor.clone() for name, tensor in network.state_dict().items()})
        facts[member] = {"sha256": digest(parts(file))}
    write_checkpoint(checkpoint, taken, study=study, variant=variant, members=facts)


def warn_of_own_input(model: dict[str, Any], split: Split) -> None:
    """Log a warning if the published weights of the network are shown images otherwise, and `model.input` is not set.

    Packed images of another size than the publisher's are passed over: such a network was trained on them elsewhere.
    """
    own = None if model.get("input") is not None else own_input(model)
    if own is None or (not isinstance(split.images, FileImages) and split.images.shape[0] != own.side):
        return
    shown = (*split.normalise.mean.tolist(), *split.normalise.std.tolist())
    ours = [f"mean {_listed(split.normalise.mean.tolist())}, std {_listed(split.normalise.std.tolist())}"]
    theirs = [f"mean {_listed(own.mean)}, std {_listed(own.std)}"]
    differs = not np.allclose(shown, (*own.mean, *own.std), atol=1e-3)
    if isinstance(split.images, FileImages):
        geometry = split.images.geometry
        differs |= geometry != own.geometry
        for said, found in ((ours, geometry), (theirs, own.geometry)):
            said.append(f"{found.side} pixels of {found.resize}, {found.interpolation}, {found.crop}")
    if differs:
        log.warning(
            "images are shown with %s; %s were trained with %s: set `input: own` in the study's model for these,"
            " or `input: {}` if the network is yours and this is right",
            ", ".join(ours), own.weights, ", ".join(theirs),
        )  # fmt: skip


def _listed(values: Iterable[float]) -> str:
    return " ".join(f"{value:.3f}" for value in values)


def digest(files: list[Path]) -> str:
    """The SHA-256 of the bytes of `files`, one after the other."""
    found = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            while block := opened.read(1 << 20):
                found.update(block)
    return found.hexdigest()
