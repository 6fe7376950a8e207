"""One class collapses and nothing else flips: the test that holds where few answers flip one way."""

import numpy as np
import pytest
from scipy import optimize, stats

from lesion.audit.inference.net_difference import net_difference_p
from lesion.audit.inference.pays_more import FEW, Net, pays_more_p

CASES = [((9, 1, 40), (3, 2, 200)), ((5, 0, 50), (0, 0, 300)), ((2, 6, 30), (4, 1, 90)), ((3, 3, 60), (1, 1, 500))]


def by_hand(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """Rates by a general optimiser; the p by SciPy's Skellam distribution."""

    def unlikely(given: "np.typing.NDArray[np.float64]") -> float:
        net, first, second = given[0], np.exp(given[1]), np.exp(given[2])
        total = 0.0
        for least, (broken, fixed, examples) in zip((first, second), (one, other), strict=True):
            won, lost = least + max(net, 0), least + max(-net, 0)
            total -= stats.poisson.logpmf(broken, lost * examples) + stats.poisson.logpmf(fixed, won * examples)
        return float(total)

    nets = [(fixed - broken) / examples for broken, fixed, examples in (one, other)]
    starts = [[net, a, b] for net in np.linspace(nets[0], nets[1], 7) for a in (-6, -2) for b in (-6, -2)]
    exact = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 9_000}
    ends = (optimize.minimize(unlikely, start, method="Nelder-Mead", options=exact) for start in starts)
    best = min(ends, key=lambda found: found.fun)
    net, least = best.x[0], np.exp(best.x[1:])
    sides = []
    for low, (_, _, examples) in zip(least, (one, other), strict=True):
        means = [examples * (low + max(net, 0)), examples * max(low + max(-net, 0), 1e-12)]
        reach = np.arange(-80, 81)
        sides.append((reach / examples, stats.skellam.pmf(reach, *means)))
    far = np.abs(sides[0][0][:, None] - sides[1][0]) >= abs(nets[0] - nets[1]) * (1 - 1e-9)
    return float(np.outer(sides[0][1], sides[1][1])[far].sum())


@pytest.mark.parametrize(("one", "other"), CASES)
def test_p_by_an_optimiser_and_by_skellam(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    assert net_difference_p(one, other) == pytest.approx(by_hand(one, other), rel=0.01)


@pytest.mark.parametrize(("one", "other"), CASES)
def test_sides_and_directions_may_be_swapped(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    p = net_difference_p(one, other)
    assert net_difference_p(other, one) == pytest.approx(p)
    turned = [(fixed, broken, examples) for broken, fixed, examples in (one, other)]
    assert net_difference_p(*turned) == pytest.approx(p, rel=1e-6)


def test_many_flips_take_little_memory() -> None:
    assert net_difference_p((40_000, 3, 500_000), (760_000, 5, 9_500_000)) > 0.9
    assert 0 < net_difference_p((40_500, 3, 500_000), (760_000, 5, 9_500_000)) < 0.05


def test_equal_nets_are_no_evidence() -> None:
    assert net_difference_p((2, 1, 100), (20, 10, 1000)) == pytest.approx(1)
    assert net_difference_p((0, 0, 10), (0, 0, 99)) == 1


def test_a_class_that_collapses_among_classes_in_which_nothing_flips_is_told() -> None:
    assert pays_more_p(Net(93, 0, 400), Net(93, 0, 2_000)) < 1e-10
    assert pays_more_p(Net(15, 0, 20), Net(15, 0, 400)) < 0.001
    assert pays_more_p(Net(93, 0, 400), Net(94, 1, 2_000)) < 1e-10
    assert pays_more_p(Net(0, 0, 1_600), Net(93, 0, 2_000)) < 1e-10  # the rest holds the class


@pytest.mark.parametrize(("rest", "times"), [((0.01, 0.0), 3), ((0.004, 0.0005), 1), ((0.001, 0.001), 10)])
def test_equal_nets_are_told_apart_no_more_often_than_promised(rest: tuple[float, float], times: int) -> None:
    """Studies of 100 of 2,000 examples, with as many flips as the rest and more, at the same net."""
    rng, found, runs = np.random.default_rng(0), 0, 400
    net = rest[1] - rest[0]
    flips = max(times * sum(rest), abs(net))
    own = (flips - net) / 2, (flips + net) / 2
    for _ in range(runs):
        part, others = (
            rng.multinomial(size, [*rates, 1 - sum(rates)])[:2] for size, rates in ((100, own), (1_900, rest))
        )
        everyone = part + others
        if everyone.any() and everyone.min() < FEW:
            found += pays_more_p(Net(part[0], part[1], 100), Net(everyone[0], everyone[1], 2_000)) < 0.05
    assert found <= 0.05 * runs + 4 * (0.05 * 0.95 * runs) ** 0.5
