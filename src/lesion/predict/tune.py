"""A search over the options of a trained method, judged by examples of the training split that are held out."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from lesion import plugins
from lesion.data.held_out import hold_out
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.models.inputs import read_inputs
from lesion.params.recipe import Evaluation, Recipe
from lesion.params.tuning import Tuning, candidates
from lesion.params.variant import method
from lesion.predict.evaluate import answers, batch_rows, logits
from lesion.progress import progress
from lesion.seeds import derive_seed
from lesion.train.device import computing
from lesion.train.population import check_examples, train_member
from lesion.train.seeds import Seeds

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trial:
    """Settings that were tried.

    Attributes
    ----------
    settings : value by option
    compression : the entry of the variant with these values
    right : float64 (members,), share of the held-out examples that each member answers right; NaN if it diverged
    """

    settings: dict[str, Any]
    compression: dict[str, Any]
    right: npt.NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Mean over the members; −∞ if one diverged."""
        return float(np.nan_to_num(self.right, nan=-np.inf).mean())


def accuracy(network: nn.Module, split: Split, evaluation: Evaluation) -> float:
    """Share of a split's examples that a network, on the CPU, answers right."""
    right = 0
    for rows in batch_rows(len(split.label), evaluation):
        inputs = split.normalise(torch.from_numpy(split.images.read(rows)))
        found = answers(logits(network.eval(), inputs, evaluation), split.label[torch.from_numpy(rows)])
        right += int(found.correct.sum())
    return right / len(split.label)


def tune(
    *,
    study: str,
    variant: str,
    examples: Path,
    images: Path,
    root_seed: int,
    model: dict[str, Any],
    compression: Mapping[str, Any],
    recipe: Recipe,
    evaluation: Evaluation,
    tuning: Tuning,
) -> list[Trial]:
    """Try settings of a variant, the catalogue's own first.

    All trials of all variants of a study have the same held-out examples and seeds, member by member.

    Raises
    ------
    InputError
        If the method has no options to search, is not trained here, or one of the values is invalid.
    """
    name, where = method(variant), f"variants.{variant}"
    if name not in tuning.methods:
        raise InputError(f"params.yaml: tuning.methods: {name} is not there, so that {variant} has nothing to tune")
    seed = derive_seed(root_seed, study, name, "tuning")
    tried = candidates(compression, tuning.methods[name], trials=tuning.trials, seed=seed)
    for _, entry in tried:
        plugins.checked_kind(entry, where=where)
    if not hasattr(plugins.load("method", compression["method"]), "Training"):
        raise InputError(f"params.yaml: {where}: is not trained here; only variants that are can be tuned")
    if len(tried) < tuning.trials:
        log.info("%s: there are %d settings to try, fewer than %d trials", variant, len(tried), tuning.trials)
    split = read_inputs(model, examples, images, "train")
    parts = [
        hold_out(split, tuning.held_out, seed=derive_seed(root_seed, study, "held-out", member))
        for member in range(tuning.members)
    ]
    for fitted, _ in parts:
        check_examples(fitted, recipe, study=study)
    found = []
    with (
        computing(threads=recipe.threads) as device,
        progress(trials=len(tried), members=tuning.members) as advance,
    ):
        for settings, entry in tried:
            right = np.full(tuning.members, np.nan)
            for member, (fitted, held) in enumerate(parts):
                seeds = Seeds.derive(root_seed, study, "tuning", member)
                try:
                    network, _ = train_member(model, entry, fitted, recipe=recipe, seeds=seeds, device=device)
                    right[member] = accuracy(network, held, evaluation)
                except InputError as error:
                    log.info("%s with %s, member %d: %s", variant, settings, member, error)
                advance["members"]()
            found.append(Trial(settings, entry, right))
            advance["trials"]()
    return found
