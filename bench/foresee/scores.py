"""Scores of dense members alone, beside each other: how well one half of the members foresees the other half's changes.

Targets are of members that were not asked: PIE and forgotten answers between the dense and compressed members of the
other half. So no member foresees what its own vote decides.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.foresee import networks
from bench.foresee.sources import of_study
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.inference.foresight_halves import draw
from lesion.audit.inference.foresight_scores import lead, log_margin
from lesion.audit.inference.foresight_targets import Target, rankings, targets
from lesion.audit.inference.resampling import Pool

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Score = Callable[[Rows], Floats | None]

SPLITS, SIZES = 10, (1, 2, 4, 10)


def measured(study: Path, *, gradients: int) -> dict[str, Floats]:
    """What each dense member gives each example, by name: float64 (members, examples); gradients of the first few."""
    found: dict[str, list[Floats]] = {}
    for place, (_, network, split) in enumerate(networks.members(study)):
        probability, label = networks.probabilities(network, split), split.label.numpy()
        ordered = np.sort(probability, axis=1)
        error = probability - np.eye(probability.shape[1])[label]
        said = {
            "first": ordered[:, -1],
            "second": ordered[:, -2],
            "entropy": -(probability * np.log(np.maximum(probability, 1e-12))).sum(axis=1),
            "el2n": np.linalg.norm(error, axis=1),
            "true": probability[np.arange(len(label)), label],
            "answer": probability.argmax(axis=1),
        }
        if place < gradients:
            said["grand"] = networks.gradient_norms(network, split)
        for name, values in said.items():
            found.setdefault(name, []).append(values)
    return {name: np.array(values) for name, values in found.items()}


def scores(known: Mapping[str, Floats]) -> dict[str, Score]:
    """Score of some members, higher at risk: name → rows of members → float64 (examples,)."""
    said = known["answer"].astype(np.int64)
    margins = {
        "log margin, from confidence, and agreement": log_margin(known["first"]),
        "log margin, both probabilities, and agreement": np.log(known["first"] / np.maximum(known["second"], 1e-12)),
    }

    def mean(values: Floats) -> Score:
        return lambda rows: values[rows].mean(axis=0) if (rows < len(values)).all() else None

    def leads(values: Floats) -> Score:
        return lambda rows: -lead(said[rows], values[rows])[1]

    return {
        **{name: leads(values) for name, values in margins.items()},
        "confidence": mean(-known["first"]),
        "margin (p₁ − p₂)": mean(known["second"] - known["first"]),
        "entropy": mean(known["entropy"]),
        "agreement": leads(np.ones(said.shape)),
        "EL2N (labels)": mean(known["el2n"]),
        "1 − p of the true class (labels)": mean(1 - known["true"]),
        "GraNd (labels)": mean(known["grand"]),
    }


def table(study: Path, variants: list[str], *, gradients: int) -> pd.DataFrame:
    """One row a variant, score, number of members and target: the mean area over splits in both directions."""
    chosen = scores(measured(study, gradients=gradients))
    rows = []
    for one in of_study(study):
        if one.variant in variants:
            rows += [{"data": one.data, "variant": one.variant} | row for row in _of(one.comparison, chosen)]
    found = pd.DataFrame(rows)
    keys = ["data", "variant", "score", "members", "target", "among"]
    return found.groupby(keys, sort=False)["auroc"].mean().reset_index()


def _of(comparison: Comparison, chosen: Mapping[str, Score]) -> Iterator[dict[str, object]]:
    dense, compressed = comparison.members
    said = np.concatenate([comparison.dense.prediction, comparison.compressed.prediction])
    pool = Pool(said, comparison.label, len(comparison.classes), "member")
    rng = np.random.default_rng(0)
    sizes = [size for size in SIZES if size < dense // 2] + [dense // 2]
    for one, other in draw(dense, compressed, SPLITS, rng, paired=comparison.paired):
        for seen, unseen in ((one, other), (other, one)):
            before, after = (pool.modal_label(rows) for rows in unseen)
            events = targets(before, after, pool.label)
            for size in sizes:
                for name, score in chosen.items():
                    risk = score(np.sort(seen[0])[:size])
                    if risk is not None and not (name == "agreement" and size == 1):
                        yield from _areas(name, size, risk, events)
            yield from _areas("taxicab of dense and compressed", dense // 2, pool.taxicab(*seen), events)


def _areas(name: str, size: int, risk: Floats, events: list[Target]) -> Iterator[dict[str, object]]:
    for target, ranked in zip(events, rankings(risk, events), strict=True):
        true = target.true[target.asked]
        if true.any():
            found = float(ranked.components(true)[true].mean())
            yield {"score": name, "members": size, "target": target.name, "among": target.among, "auroc": found}
