"""The `predict` step: what each member of a shard says of each test example."""

from typing import Any

import numpy as np
import pyarrow as pa
from torch import Tensor

from lesion.artifacts import paths
from lesion.artifacts.checkpoints import read_facts, read_members
from lesion.artifacts.tables import PREDICTIONS, write_parquet
from lesion.compress.size import sizes
from lesion.data.split import Split, read_split
from lesion.errors import InputError
from lesion.params.recipe import Evaluation
from lesion.params.shard import members
from lesion.predict.evaluate import answers, logits
from lesion.predict.networks import networks
from lesion.progress import progress
from lesion.train.device import computing


def rows(member: int, split: Split, logit: Tensor) -> pa.Table:
    """One row a test example, in order of example_id; logit is (examples, classes)."""
    said, probability = answers(logit, split.label), logit.softmax(dim=1)
    columns = {
        "example_id": split.example_id.numpy(),
        "member": np.full(len(split.label), member, dtype=np.int16),
        "label": split.label.numpy().astype(np.int16),
        "prediction": said.prediction.numpy().astype(np.int16),
        "correct_top5": said.correct_top5.numpy(),
        "confidence": probability.amax(dim=1).numpy(),
        "true_probability": probability.gather(1, split.label[:, None]).squeeze(1).numpy(),
    }
    return pa.table(columns, schema=PREDICTIONS)


def predict(
    *,
    study: str,
    variant_id: str,
    shard: str,
    model: dict[str, Any],
    variant: dict[str, Any],
    evaluation: Evaluation,
) -> None:
    """Write `predictions/<variant>/<shard>.parquet`, with the size of a member in its metadata.

    The size travels with the predictions, since who audits them need not have the checkpoints.
    """
    split = read_split(study, "test")
    checkpoint = paths.checkpoint(study, variant_id, shard)
    tables = []
    with computing(threads=evaluation.threads) as device, progress(members=len(members(shard))) as advance:
        inputs = split.normalise(split.images.to(device))
        for member, network in networks(
            study, variant_id, shard, model=model, variant=variant, split=split, device=device
        ):
            try:
                tables.append(rows(member, split, logits(network, inputs, evaluation)))
            except InputError as error:
                raise InputError(f"{checkpoint}: member {member}: {error}") from None
            advance["members"]()
    _, first = next(read_members(checkpoint))
    facts = read_facts(checkpoint) | sizes(first)
    facts.pop("version")
    write_parquet(paths.predictions(study, variant_id, shard), pa.concat_tables(tables), **facts)
