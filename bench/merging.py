"""Merging against the removal of the same units, neither trained afterwards: accuracy on the digits and on CIFAR-10.

`LESION_CIFAR10=... python -m bench.merging`. The tables are in docs/SMALLER.md.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from scipy import special
from sklearn.datasets import load_digits

from bench.after_training import Study, name_of
from bench.measure import ROOT
from lesion import plugins
from lesion.compress.merging import Merge
from lesion.compress.methods import merge
from lesion.models.build import build
from lesion.train.device import computing

SHOWN = 2000  # test images, at most
CORRELATION = {"name": "correlation", "images": 512}
RULES: list[Any] = [
    "data-free", "neuron", {"name": "neuron", "threshold": 0.45}, {"name": "neuron", "criterion": "l2"},
    {"name": "neuron", "criterion": "l2-gm"}, CORRELATION, CORRELATION | {"choice": "error"},
    CORRELATION | {"choice": "error", "fit": "all"},
]  # fmt: skip
SOME = [RULES[0], RULES[1], RULES[5], RULES[7]]
SCALES: dict[str, tuple[int, list[Any], tuple[float, ...]]] = {
    "digits": (10, RULES, (0.3, 0.5, 0.8)),
    "cifar10": (5, SOME, (0.3, 0.5)),
}
"""Members, rules and sparsities, by name of the data."""


def studies(params: dict[str, Any], folder: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The data and the network of each table, and the study."""
    digits, cifar = params["studies"]["digits"], params["studies"]["cifar10-catalogue"]
    yield "digits", "small-cnn of 16 and 32 channels", digits
    data = load_digits()
    columns = [f"pixel{number}" for number in range(64)]
    pd.DataFrame(data.data, columns=columns).assign(label=data.target.astype(str)).to_csv(folder / "digits.csv")
    table = {"name": "table", "table": str(folder / "digits.csv"), "features": columns, "test_share": 0.5}
    widths = {"name": "mlp", "widths": [300, 100]}
    yield "digits", "mlp of 300 and 100 units on the 64 pixels", digits | {"data": table, "model": widths}
    if "LESION_CIFAR10" in os.environ:
        yield "cifar10", "ResNet-8 of 16 channels", cifar
        chain = {"name": "small-cnn", "widths": [32, 64, 128]}
        yield "cifar10", "small-cnn of 32, 64 and 128 channels", cifar | {"model": chain}


@contextmanager
def without_merging() -> Iterator[None]:
    """Inside the block the units that a rule chooses leave, and nothing takes them over."""
    choose = merge.choose
    merge.choose = lambda *given: [Merge.of(found.kept) for found in choose(*given)]
    try:
        yield
    finally:
        merge.choose = choose


def accuracies(study: Study, **named: Any) -> np.ndarray:
    """Of each member, in per cent."""
    options = plugins.options("method", {"method": "merge", "of": "dense"} | named, where="variant", key="method")
    compress = merge.compressor(build(study.model, study.train).eval(), options, study.calibration)
    return np.array(study.right_of_each([compress(state) for state in study.members]))


def gain(study: Study, **named: Any) -> str:
    """Accuracy by removal and by merging, and the difference with the 95 % interval of its mean over members."""
    merged = accuracies(study, **named)
    with without_merging():
        removed = accuracies(study, **named)
    gained = merged - removed
    margin = special.stdtrit(len(gained) - 1, 0.975) * gained.std(ddof=1) / np.sqrt(len(gained))
    return f"{removed.mean():.1f} → {merged.mean():.1f} ({gained.mean():+.1f} ± {margin:.1f})"


def table(title: str, study: Study, rules: list[Any], sparsities: tuple[float, ...]) -> None:
    """Print the gains by rule and sparsity, then those with batch norms measured again at half the units."""
    dense = study.right_of_each(study.members)
    norms = any("running_mean" in name for name in study.members[0])
    print(f"{title}; {len(dense)} members, dense {np.mean(dense):.1f} %\n")
    heads = [f"{sparsity:.0%}" for sparsity in sparsities] + ["50%, batch norms"] * norms
    print(f"| rule | {' | '.join(heads)} |\n| --- {'| --- ' * len(heads)}|")
    for rule in rules:
        cells = [gain(study, rule=rule, sparsity=sparsity) for sparsity in sparsities]
        if norms:
            cells.append(gain(study, rule=rule, sparsity=0.5, batch_norms=512))
        print(f"| {name_of(rule)} | {' | '.join(cells)} |", flush=True)
    print()


def main() -> None:
    """All tables."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    with computing(threads=1), tempfile.TemporaryDirectory() as folder:
        for data, network, study in studies(params, Path(folder)):
            members, rules, sparsities = SCALES[data]
            table(f"{data}, {network}", Study(data, study, members, shown=SHOWN), rules, sparsities)


if __name__ == "__main__":
    main()
