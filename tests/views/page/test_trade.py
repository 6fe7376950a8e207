from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from lesion import Candidates
from lesion.views.figures import style
from lesion.views.page import candidates, trade


def fitted(names: Sequence[str], *, facts: Any = None, labelled: bool = True) -> Candidates:
    """Candidates of which each later one loses more, most of all of class 2."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 4, 800)
    said = {}
    for place, name in enumerate(names):
        broken = rng.random(800) < 0.01 * (1 + place) * np.where(label == 2, 4, 1)
        said[name] = np.where(broken, (label + 1) % 4, label)
    options = {"splits": 2, "resamples": 2}
    return Candidates(**options).fit(label, said, label if labelled else None, facts=facts)


def drawn(names: Sequence[str], fact: str | None, facts: Any = None) -> Figure:
    found = fitted(names, facts=facts)
    with style.applied(trade.size(names), names):
        drawing = trade.drawn(found.table_, found.audited_.tables["facts"], fact)
        drawing.draw_without_rendering()
    return drawing


LONG = [f"meta-llama, 3 billion, int{place} of group size {32 * place}, act-order" for place in range(10)]
SHORT = ["int8", "int4", "gptq"]


@pytest.mark.parametrize("names", [SHORT[:2], SHORT, LONG])
@pytest.mark.parametrize("known", [True, False])
def test_labels_do_not_cover_each_other(names: list[str], known: bool) -> None:
    facts: Any = {name: {"size": 100.0 / (1 + place)} for place, name in enumerate(names)}
    facts["dense"] = {"size": 130}
    drawing = drawn(names, "size" if known else None, facts)
    labels = [text for text in drawing.axes[0].texts if isinstance(text, Annotation)]
    assert [label.get_text() for label in labels][-1] == "dense"
    boxes = [label.get_window_extent() for label in labels]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    if names is LONG:
        key = [text.get_text() for text in drawing.legends[0].get_texts()]
        assert [text.split()[0] for text in key] == [label.get_text() for label in labels[:-1]]
        assert len(set(key)) == 10
    else:
        assert [label.get_text() for label in labels[:-1]] == names


def test_marks_stand_at_the_loss_over_the_fact() -> None:
    facts = {"int8": {"size": 3}, "int4": {"size": 1}, "gptq": {"who": "me"}}
    axes = drawn(SHORT, "size", facts).axes[0]
    table = fitted(SHORT).table_.set_index("name")
    marks = {name: line for line in axes.lines if (name := str(line.get_color())) in (style.BLUE, style.VERMILLION)}
    for colour, column in ((style.BLUE, "change"), (style.VERMILLION, "worst_class_change")):
        np.testing.assert_allclose(np.asarray(marks[colour].get_xdata()), [3, 1])  # the third has no size
        np.testing.assert_allclose(np.asarray(marks[colour].get_ydata()), -100 * table.loc[["int8", "int4"], column])


def chosen(found: Candidates) -> str | None:
    """The fact that the figure is drawn over; "nothing" where there is no figure."""
    shown = candidates.comparable(found.audited_)
    return "nothing" if shown is None else shown[2]


def test_the_first_fact_that_is_a_number_is_drawn() -> None:
    facts = {"int8": {"by": "me", "ms": 3, "mib": 4}, "int4": {"by": "you", "ms": 3, "mib": 9}}
    assert chosen(fitted(SHORT[:2], facts=facts)) == "ms"
    assert chosen(fitted(SHORT[:2])) is None  # the worst class over all
    assert chosen(fitted(SHORT[:2], labelled=False)) == "nothing"
    assert chosen(fitted(SHORT[:2], facts=facts, labelled=False)) == "nothing"


def test_the_tables_of_the_page_say_what_the_tables_say() -> None:
    found = fitted(SHORT, facts={name: {"mib": 1234.5} for name in SHORT})
    each, between, parts = candidates.sections(found.audited_)
    assert each.columns[:4] == ["candidate", "mib", "accuracy", "change"]
    assert [row[0] for row in each.rows] == SHORT
    assert {row[1] for row in each.rows} == {"1,234"} or {row[1] for row in each.rows} == {"1,235"}
    assert len(between.rows) == 3
    assert len(parts.rows) == len(found.parts_) == 12
    sure = found.parts_[["q", "q_beyond"]].min(axis=1) < 0.05
    first = found.parts_[sure].sort_values("change").iloc[0]
    assert parts.rows[0][:2] == [f"class: {first['group']}", first["candidate"]]
    unlabelled = candidates.sections(fitted(SHORT, labelled=False).audited_)
    assert [table.file for table in unlabelled] == ["candidates.csv"]
    assert unlabelled[0].columns == ["candidate"]
    assert pd.isna(fitted(SHORT, labelled=False).table_["change"]).all()
