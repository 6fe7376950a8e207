from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from lesion.audit.contract import Audited
from lesion.audit.estimator import Audit
from lesion.views.page import examples, page
from tests.compared import compared
from tests.synthetic import labels, population

COUNT = 60


def audited(**known: Any) -> Audited:
    rng = np.random.default_rng(0)
    label = labels(rng, COUNT, 2)
    sides = [population(rng, label, members=1, classes=2, skill=skill) for skill in (0.9, 0.6)]
    comparison = compared(sides[0], sides[1], classes=2)
    return Audit(splits=2, resamples=2).compare(replace(comparison, **known)).audited_


def test_answers_and_texts_that_files_hold_stand_beside_their_examples() -> None:
    answers = tuple(np.array([f"{side} says {place}" for place in range(COUNT)], dtype=object) for side in "ab")
    text = np.array([f"question {place}" for place in range(COUNT)], dtype=object)
    pie = examples.found(audited(answers=answers, text=text), None)
    assert len(pie) > 10
    place = pie.index.to_numpy()
    assert pie["dense_answer"].tolist() == answers[0][place].tolist()
    assert pie["compressed_answer"].tolist() == answers[1][place].tolist()
    assert pie["text"].tolist() == text[place].tolist()
    table = examples.section(pie)
    assert list(table.columns[:5]) == ["example", "dense", "compressed", "dense answer", "compressed answer"]
    assert [row[3:5] for row in table.rows] == [[answers[0][one], answers[1][one]] for one in place]
    assert table.names == 5
    assert list(table.texts) == text[place].tolist()


def test_texts_that_are_given_come_before_those_of_the_files() -> None:
    found = audited(text=np.array(["of the file"] * COUNT, dtype=object))
    ids = found.comparison.example_id
    given = pd.Series([f"given {name}" for name in ids], index=ids)
    pie = examples.found(found, given)
    assert pie["text"].tolist() == [f"given {name}" for name in pie["example_id"]]


def test_of_many_classes_those_that_lose_and_those_that_gain_are_on_the_page() -> None:
    table = pd.DataFrame({"change": np.arange(3 * page.CLASSES)})
    few = page.ends(table)["change"].to_numpy()
    assert len(few) == page.CLASSES
    assert few[0] == 0
    assert few[-1] == 3 * page.CLASSES - 1
    assert page.ends(table.head(page.CLASSES)).equals(table.head(page.CLASSES))
