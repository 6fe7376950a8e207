from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lesion.audit.inference.exact import chance_apart, chance_apart_of_pairs, fisher_table, sign_table


@pytest.mark.parametrize(("members", "others"), [(1, 1), (1, 4), (5, 5), (7, 3), (12, 12), (30, 30)])
def test_fisher_table_agrees_with_scipy(members: int, others: int) -> None:
    found = fisher_table(members, others)
    assert found.shape == (members + 1, others + 1)
    rng = np.random.default_rng(members)
    cells = list(np.ndindex(found.shape))
    for a, b in cells if len(cells) < 60 else rng.permutation(cells)[:60]:
        expected = stats.fisher_exact([[a, members - a], [b, others - b]]).pvalue
        assert found[a, b] == pytest.approx(expected, rel=1e-8), (a, b)


@given(members=st.integers(1, 9), others=st.integers(1, 9))
def test_fisher_table_knows_no_side(members: int, others: int) -> None:
    found = fisher_table(members, others)
    np.testing.assert_allclose(found, fisher_table(others, members).T, rtol=1e-12)
    np.testing.assert_allclose(found, found[::-1, ::-1], rtol=1e-12)  # to give a label, or not to
    assert ((found > 0) & (found <= 1)).all()


@given(members=st.integers(1, 12), others=st.integers(1, 12), pooled=st.integers(0, 24))
def test_fisher_p_is_at_most_as_often_small_as_it_says(members: int, others: int, pooled: int) -> None:
    pooled = min(pooled, members + others)
    a = np.arange(max(0, pooled - others), min(members, pooled) + 1)
    p = fisher_table(members, others)[a, pooled - a]
    chance = stats.hypergeom(members + others, pooled, members).pmf(a)
    assert chance.sum() == pytest.approx(1)
    for level in p:
        assert chance[p <= level * (1 + 1e-9)].sum() <= level * (1 + 1e-6)


@pytest.mark.parametrize("pairs", [1, 2, 5, 13, 30])
def test_sign_table_agrees_with_scipy(pairs: int) -> None:
    found = sign_table(pairs)
    assert found.shape == (pairs + 1, pairs + 1)
    for a, b in np.ndindex(found.shape):
        if 0 < a + b <= pairs:
            assert found[a, b] == pytest.approx(stats.binomtest(a, a + b).pvalue, rel=1e-9), (a, b)
    assert found[0, 0] == 1  # nothing changed


@given(members=st.integers(1, 5), others=st.integers(1, 5), pooled=st.integers(0, 10))
def test_chance_apart_is_the_mean_over_all_relabellings(members: int, others: int, pooled: int) -> None:
    pooled = min(pooled, members + others)
    gives = [1] * pooled + [0] * (members + others - pooled)
    distances = []
    for chosen in combinations(range(members + others), members):
        one = sum(gives[i] for i in chosen)
        distances.append(abs(one / members - (pooled - one) / others))
    found = chance_apart(members, others)
    assert found.shape == (members + others + 1,)
    assert found[pooled] == pytest.approx(np.mean(distances), abs=1e-12)


@pytest.mark.parametrize("pairs", range(1, 9))
def test_chance_apart_of_pairs_is_the_mean_over_all_exchanges(pairs: int) -> None:
    found = chance_apart_of_pairs(pairs)
    expected = [
        np.mean([abs(sum(signs)) / pairs for signs in product([-1, 1], repeat=discordant)])
        for discordant in range(pairs + 1)
    ]
    assert found.tolist() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("models", [(1, 1), (30, 30), (150, 40)])
def test_chance_stays_within_what_is_possible(models: tuple[int, int]) -> None:
    found = chance_apart(*models)
    assert found[0] == found[-1] == 0  # all or none give the label, whoever is dense
    assert (found >= 0).all()
    assert (found <= 1 + 1e-12).all()
    assert np.isfinite(chance_apart_of_pairs(models[0])).all()
