"""Members that were trained elsewhere, written as if they had been trained here."""

import hashlib
from typing import Any

from lesion import plugins
from lesion.artifacts import paths
from lesion.artifacts.checkpoints import write_checkpoint
from lesion.compress.encoding import encode
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.models.build import build, load_weights
from lesion.params.shard import members


def take_population(
    study: str, variant_id: str, shard: str, *, model: dict[str, Any], variant: dict[str, Any], split: Split
) -> None:
    """Write the checkpoint of a shard from those that a `pretrained` variant names; the metadata hold their SHA-256.

    Raises
    ------
    InputError
        Names the checkpoint that is missing, unreadable or of another model.
    """
    source = plugins.load("method", variant["method"])
    options = plugins.options("method", variant, where=f"variants.{variant_id}", key="method")
    network = build(model, split)
    # Counters of batch norms that old checkpoints lack: only a training without `momentum` reads them.
    counters = {name: value for name, value in network.state_dict().items() if name.endswith("num_batches_tracked")}
    taken, facts = {}, {}
    for member in members(shard):
        file = source.path(options, study=study, member=member)
        weights = source.load_member(options, study=study, member=member)
        try:
            load_weights(network, counters | weights)
        except InputError as error:
            raise InputError(f"{file}: {error}") from None
        taken[member] = encode({name: tensor.clone() for name, tensor in network.state_dict().items()})
        with file.open("rb") as opened:
            facts[member] = {"sha256": hashlib.file_digest(opened, "sha256").hexdigest()}
    write_checkpoint(paths.checkpoint(study, variant_id, shard), taken, study=study, variant=variant_id, members=facts)
