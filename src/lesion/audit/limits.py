"""What two populations cannot tell, and why, in sentences for who reads the audit."""

from collections.abc import Iterator

import numpy as np

from lesion.audit.comparison.comparison import SIDES, Comparison
from lesion.audit.comparison.pairs import matched
from lesion.audit.comparison.sanity.notes import suspicions
from lesion.audit.inference.exact import fisher_table, sign_table
from lesion.audit.statistics import impact


def limits(comparison: Comparison, *, alpha: float) -> Iterator[str]:
    """Sentences on missing labels, classes, members, and on what was assumed.

    Parameters
    ----------
    alpha : the level of the tests
    """
    members, paired = comparison.members, comparison.paired
    yield from suspicions(comparison)
    if comparison.graded:
        yield _of_graded(comparison)
    elif comparison.label is None:
        yield "No labels were given: nothing is said of accuracy, of classes, or of error rates. PIE need none."
    else:
        yield from _of_classes(comparison)
    if min(members) == 1:
        yield from _of_single_models(members)
    else:
        yield from _of_few_members(members, alpha=alpha, paired=paired)
    if min(members) > 1 and members[0] < 4:
        yield (
            f"The null splits the dense models in halves of two or more, so it needs four; there are {members[0]}. How"
            " many PIE seed noise alone gives is not known: do not take their count for an effect of compression."
        )
    known = all(population.origins is not None for population in (comparison.dense, comparison.compressed))
    if comparison.design == "auto" and not paired and not known and members[0] == members[1] > 1:
        yield _of_design(comparison)
    for name, one in zip(SIDES, (comparison.dense, comparison.compressed), strict=True):
        if comparison.graded:
            if (one.correct == one.correct.flat[0]).all():
                what = "right" if one.correct.all() else "wrong"
                yield f"All {name} answers are {what}: is correct what it should be?"
        elif len(comparison.classes) > 1 and (one.prediction == one.prediction.flat[0]).all():
            only = comparison.named(one.prediction[0, :1])
            yield f"All {name} models give class {only[0]} to every example: are they broken?"
    if comparison.left_out:
        columns = ", ".join(comparison.left_out)
        cluster = " One that says which examples belong together is to be called cluster."
        said = f"Not used as attributes, for they hold lists, bytes, or more than 256 values: {columns}."
        yield said + (cluster if comparison.cluster is None else "")


def _of_graded(comparison: Comparison) -> str:
    said = (
        "Answers are graded: of each it is known whether it is right, and there are no classes. Moved answers are wrong"
        " both times, "
    )
    if comparison.answers is None:
        return f"{said}and cannot be told here: the files do not tell what was answered."
    dense, compressed = comparison.answers
    other, right = dense != compressed, comparison.dense.correct[0] & comparison.compressed.correct[0]
    whose = "" if comparison.single else ", of the first model of each side,"
    return (
        f"{said}with another text. The text of {other.sum():,} of {len(other):,} answers{whose} is another;"
        f" {(other & right).sum():,} of these are right both times."
    )


def _of_design(comparison: Comparison) -> str:
    """What to ask for where nothing tells whether members are pairs but their names, if these do."""
    sides = comparison.dense.names or (), comparison.compressed.names or ()
    numbers = all(name.isdecimal() for names in sides for name in names)
    if numbers or (places := matched(*sides)) is None:
        return (
            "Models were taken as independent. Where model k of both sides shares its seed or its parent, as after"
            " quantisation it always does, ask for the paired design: it sees smaller changes."
        )
    one, other = sides[0][-1], sides[1][places[-1]]
    pair = f"{one} of both" if one == other else f"{one} and {other}"
    return (
        f"Models were taken as independent, but their names tell pairs, such as {pair}. If each pair shares its seed or"
        " its parent, as after quantisation it always does, ask for the paired design: it sees smaller changes."
    )


def _of_classes(comparison: Comparison) -> Iterator[str]:
    size = np.bincount(comparison.dense.known_label, minlength=len(comparison.classes))
    if not comparison.comparable_classes:
        yield "All test examples are of one class: its recall is the accuracy, and cannot change more than it."
    empty = int((size == 0).sum())
    if empty:
        yield f"{_classes(empty)} no test example, and so no recall."
    alone = int((size == 1).sum())
    if comparison.comparable_classes and alone:
        yield f"{_classes(alone)} a single test example, which tells next to nothing: see the width of the interval."
    if caution := impact.caution(comparison):
        yield caution


def _classes(count: int) -> str:
    return "1 class has" if count == 1 else f"{count:,} classes have"


def _of_single_models(members: tuple[int, int]) -> Iterator[str]:
    if members == (1, 1):
        yield (
            "With one model on each side the tests say what compression does to this model, on examples like these. If"
            " the compressed model was not made from the dense one but trained by itself, part of it is seed noise, and"
            " one pair cannot tell how much: there is no t-test of classes and no null."
        )
        yield (
            "PIE are plain disagreements of the two models. No example has a p or a pie_score of its own: two answers"
            " that differ are no evidence against chance."
        )
    else:
        yield (
            f"With {members[0]} dense and {members[1]} compressed models there is no t-test of classes and no null:"
            " what compression does cannot be told from what another seed would do. Train more models to tell."
        )
    yield (
        "Intervals cover other test examples only, for these models; other models, trained with other seeds, may change"
        " by more."
    )


def _of_few_members(members: tuple[int, int], *, alpha: float, paired: bool) -> Iterator[str]:
    least = float((sign_table(members[0]) if paired else fisher_table(*members)).min())
    if least > alpha:
        yield (
            f"No example can be significant by itself: the least p that {members[0]} dense and {members[1]} compressed"
            f" models can give is {least:.2g}."
        )
    if members[0] >= 4:
        size = min(members[0] // 2, members[1])
        yield (
            f"The null compares {size} dense models with {size} others, so modal labels in it are noisier than those of"
            f" all {members[0]}. Its counts stand beside the count between {size} dense and {size} compressed models"
            " (matched), not beside the count of all."
        )
