"""Whether the statistics of the audit keep what they promise, on simulated populations of which the truth is known.

A model of what is seen: each example is hard to its own degree, each member able to its own, an answer is drawn from
both. Compression that changes nothing draws other members of the same kind; compression that does harm makes half of
the classes harder. Rates stand beside what they should be and the standard error of that many runs.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from scipy import optimize
from scipy.special import expit

from bench.measure import row
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.inference.effects import change, changes
from lesion.audit.inference.pie_share import pie_share
from lesion.audit.statistics import impact
from lesion.audit.statistics import pie as pie_statistic
from lesion.params.design import Design
from lesion.params.impact import Impact

RUNS, MEMBERS, CLASSES, PER_CLASS = 400, 10, 10, 40
ALPHA = 0.05
DESIGNS: tuple[Design, ...] = ("independent", "paired")
SETTINGS = Impact(alpha=ALPHA, normalise="member")
PAPER = Impact(alpha=ALPHA, normalise="population")
LABEL = np.repeat(np.arange(CLASSES), PER_CLASS)
HARM = np.where(np.arange(CLASSES) % 2, 0.0, -1.5)  # on the logit of the classes that compression harms
EASE, ABILITY = 1.5, 0.3  # standard deviations, on the logit, of examples and of members
TYPICAL = 1.5 + np.linspace(-1, 1, CLASSES)

Floats = npt.NDArray[np.float64]


def examples(rng: np.random.Generator) -> Floats:
    """How easy each example is: a logit, (examples,)."""
    return TYPICAL[LABEL] + rng.normal(0, EASE, len(LABEL))


def members(easy: Floats, able: Floats, rng: np.random.Generator) -> Population:
    """Members that are right with probability expit(easy + able), else say the next class or the one after."""
    shape = (len(able), len(LABEL))
    wrong = rng.random(shape) >= expit(easy + able[:, None])
    prediction = (LABEL + wrong * rng.integers(1, 3, shape)) % CLASSES
    return Population(example_id=np.arange(len(LABEL)), member=np.arange(len(able)), label=LABEL, prediction=prediction)


def compared(dense: Population, compressed: Population, design: Design) -> Comparison:
    return Comparison(dense, compressed, np.arange(CLASSES), dense.example_id, design)


def pair(rng: np.random.Generator, harm: Floats, design: Design) -> Comparison:
    """Dense and compressed members on the same examples; of pairs each has its own ability in common."""
    easy = examples(rng)
    able = rng.normal(0, ABILITY, MEMBERS)
    others = able if design == "paired" else rng.normal(0, ABILITY, MEMBERS)
    return compared(members(easy, able, rng), members(easy + harm[LABEL], others, rng), design)


def pairs(harm: Floats, design: Design, seed: int) -> Iterator[Comparison]:
    """As many simulated studies as there are runs."""
    rng = np.random.default_rng(seed)
    for _ in range(RUNS):
        yield pair(rng, harm, design)


def told(name: str, rate: float, should: float, trials: int, *, most: bool = False) -> None:
    """Print a rate beside what it should be (at most), and its standard error."""
    error = (should * (1 - should) / trials) ** 0.5
    row(name, f"{rate:.3f}", f"{'at most ' if most else ''}{should:.3f} ± {error:.3f}")


def false_positives() -> None:
    """How often each test finds a change where there is none."""
    nothing = np.zeros(CLASSES)
    designs: tuple[tuple[Design, Impact], ...] = (
        ("independent", SETTINGS), ("independent", PAPER), ("paired", SETTINGS)
    )  # fmt: skip
    for design, settings in designs:
        found = [impact.table(comparison, settings=settings) for comparison in pairs(nothing, design, seed=1)]
        name = f"`{found[0]['test'][0]}` test of a class, normalised by the {settings.normalise}'s accuracy"
        told(f"{name}: p < 0.05", float(np.mean([table["significant"].mean() for table in found])), ALPHA, RUNS)
        told(f"{name}: any q < 0.05", float(np.mean([table["significant_fdr"].any() for table in found])), ALPHA, RUNS)
    for design in DESIGNS:
        graded = [pie_statistic.table(comparison, ties="member") for comparison in pairs(nothing, design, seed=2)]
        rate = float(np.mean([(table["p"] < ALPHA).mean() for table in graded]))
        told(f"exact test of an example, {design}: p < 0.05", rate, ALPHA, RUNS, most=True)
        told(
            f"exact test of an example, {design}: any q < 0.05",
            float(np.mean([(table["q"] < ALPHA).any() for table in graded])), ALPHA, RUNS, most=True,
        )  # fmt: skip


def expected_recall(logit: float) -> float:
    """The mean over examples and members of a class: the logistic of a normal variable."""
    node, weight = np.polynomial.hermite_e.hermegauss(60)
    return float(weight @ expit(logit + node * np.hypot(EASE, ABILITY)) / weight.sum())


def balanced_harm(worse: tuple[int, ...] = (8, 9), better: tuple[int, ...] = (0, 1), by: float = 1.0) -> Floats:
    """Harm to some classes and help to others, accuracy as a whole staying as it is: the rest change by nothing."""

    def gained(shift: float, labels: tuple[int, ...]) -> float:
        return sum(expected_recall(TYPICAL[label] + shift) - expected_recall(TYPICAL[label]) for label in labels)

    harm = np.zeros(CLASSES)
    harm[list(worse)] = -by
    harm[list(better)] = optimize.brentq(lambda shift: gained(shift, better) + gained(-by, worse), 0, 9)
    return harm


def false_discoveries() -> None:
    """The share of false ones among what is found, where four classes in ten change more or less than the average."""
    harm, shares, found = balanced_harm(), [], []
    for comparison in pairs(harm, "independent", seed=3):
        table = impact.table(comparison, settings=SETTINGS)
        discovered = table["significant_fdr"].to_numpy()
        shares.append((discovered & (harm == 0)).sum() / max(1, discovered.sum()))
        found.append((discovered & (harm != 0)).sum() / (harm != 0).sum())
    told("false ones among classes of q < 0.05, six of ten unchanged", float(np.mean(shares)), 0.6 * ALPHA, RUNS)
    row("of the four that change, found at q < 0.05", f"{np.mean(found):.2f}")


def by_class(comparison: Comparison) -> tuple[Floats, Floats]:
    """Changes of recall, and less the change of accuracy: (classes,) each."""
    before, after = (
        np.array([one.correct[:, label == LABEL].mean() for label in range(CLASSES)])
        for one in (comparison.dense, comparison.compressed)
    )
    recall = after - before
    return recall, recall - recall.mean()


def truth_of(harm: Floats, measure: Callable[[Comparison], Floats], design: Design, *, runs: int = 2000) -> Floats:
    """The mean of a measure over many simulated studies."""
    rng = np.random.default_rng(4)
    return np.asarray(np.mean([measure(pair(rng, harm, design)) for _ in range(runs)], axis=0))


def pie(comparison: Comparison) -> Floats:
    """The share of PIE: (1,)."""
    return np.array([pie_statistic.table(comparison, ties="member")["pie"].mean()])


def coverage() -> None:
    """How often the intervals hold the truth."""
    for design in DESIGNS:
        paired = design == "paired"
        recall = truth_of(HARM, lambda comparison: np.stack(by_class(comparison)), design)
        held: dict[str, list[float]] = {"recall": [], "recall less accuracy": [], "accuracy": []}
        for comparison in pairs(HARM, design, seed=5):
            dense, compressed = comparison.dense, comparison.compressed
            both = changes(dense.correct, compressed.correct, LABEL, CLASSES, paired=paired)
            of = ("recall", both.plain, recall[0]), ("recall less accuracy", both.relative, recall[1])
            for name, found, true in of:
                held[name].append(float(np.mean((found.low <= true) & (true <= found.high))))
            _, low, high = change(dense.correct, compressed.correct, paired=paired)
            held["accuracy"].append(float(low <= recall[0].mean() <= high))
        for name, inside in held.items():
            told(f"95 % interval of the change of {name}, {design}", float(np.mean(inside)), 0.95, RUNS)
    share = truth_of(HARM, pie, "independent", runs=1000)[0]
    rng = np.random.default_rng(6)
    inside = []
    for comparison in pairs(HARM, "independent", seed=7):
        said = comparison.dense.prediction, comparison.compressed.prediction
        _, low, high = pie_share(*said, classes=CLASSES, ties="member", paired=False, resamples=100, rng=rng)
        inside.append(low <= share <= high)
    told("95 % interval of the share of PIE", float(np.mean(inside)), 0.95, RUNS)


def main() -> None:
    """Print the rows."""
    print("| what | measured | should be |\n| --- | --- | --- |", flush=True)
    false_positives()
    false_discoveries()
    coverage()


if __name__ == "__main__":
    main()
