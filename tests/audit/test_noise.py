"""What the page says of seed noise, and when."""

import numpy as np
import pandas as pd
import pytest

from lesion.audit.contract import Audited
from lesion.audit.noise import beside_noise
from lesion.audit.statistics import null
from lesion.params.design import Design
from lesion.params.halves import Halves
from tests.compared import compared
from tests.synthetic import labels, population

CLASSES = 4
MORE = "more than other seeds do (p"


def said(rng: np.random.Generator, members: tuple[int, int], *, skill: float = 0.7, design: Design = "auto") -> str:
    label = labels(rng, 80, CLASSES)
    dense, compressed = (
        population(rng, label, members=count, classes=CLASSES, skill=able)
        for count, able in zip(members, (0.7, skill), strict=True)
    )
    comparison = compared(dense, compressed, classes=CLASSES, design=design)
    table = null.table(comparison, draws=Halves(splits=20), ties="member")
    summary = pd.DataFrame([null.columns(table, alpha=0.05)], index=["compressed"], dtype=object)
    return beside_noise(Audited(comparison, {"null": table}, summary, 0.05))


def test_a_change_is_said_with_its_interval_and_its_direction() -> None:
    text = said(np.random.default_rng(0), (8, 8), skill=0.2)
    assert "With 4 models a side" in text
    assert "95 % interval" in text
    assert f"{MORE} = 0.000" in text
    assert "Beyond what other seeds do, " in text
    assert "are forgotten (right, then wrong; " in text
    assert "are learnt (wrong, then right; " in text


@pytest.mark.parametrize(
    ("members", "expected"),
    [((3, 3), "is not known"), ((4, 2), "So few models cannot tell"), ((4, 1), "is not known")],
)
def test_too_few_models_say_so(members: tuple[int, int], expected: str) -> None:
    assert expected in said(np.random.default_rng(0), members)


@pytest.mark.parametrize(("members", "design"), [(4, "auto"), (8, "auto"), (4, "paired"), (6, "paired")])
def test_where_nothing_changes_it_is_said_to_in_five_of_a_hundred_at_most(members: int, design: Design) -> None:
    rng, trials = np.random.default_rng(1), 60
    false = [MORE in said(rng, (members, members), design=design) for _ in range(trials)]
    assert np.mean(false) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / trials)
