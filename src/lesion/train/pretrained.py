"""Members that were trained elsewhere, written as if they had been trained here."""

import hashlib
from pathlib import Path
from typing import Any

from lesion import plugins
from lesion.artifacts.checkpoints import write_checkpoint
from lesion.compress.encoding import encode
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.models.build import build
from lesion.models.foreign_weights import load_foreign_weights
from lesion.params.shard import members


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

    The metadata of each member have the SHA-256 of its file, its origin. Members that are derived from it have the same
    origin, by which the audit recognises pairs.

    Raises
    ------
    InputError
        Names the checkpoint that is missing, unreadable or of another model.
    """
    source = plugins.load("method", compression["method"])
    options = plugins.options("method", compression, where=f"variants.{variant}", key="method")
    network = build(model, split)
    taken, facts = {}, {}
    files = {member: source.path(options, study=study, member=member) for member in members(shard)}
    for member, file in files.items():
        weights = source.load_member(options, study=study, member=member)
        try:
            load_foreign_weights(network, weights)
        except InputError as error:
            raise InputError(f"{file}: {error}") from None
        taken[member] = encode({name: tensor.clone() for name, tensor in network.state_dict().items()})
        with file.open("rb") as opened:
            facts[member] = {"sha256": hashlib.file_digest(opened, "sha256").hexdigest()}
    write_checkpoint(checkpoint, taken, study=study, variant=variant, members=facts)
