from dataclasses import asdict
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from lesion.seeds import derive_seed
from lesion.train.seeds import Seeds

NAMES = st.lists(st.one_of(st.text("abc-_", min_size=1, max_size=4), st.integers(0, 99)), min_size=1, max_size=4)


def test_a_seed_never_changes() -> None:
    # every artifact depends on it: the first eight bytes of BLAKE2b-64, little-endian, without the lowest bit
    assert derive_seed(1911, "digits", "order", 7) == 6564758766377211694


@given(st.integers(0, 2**31), NAMES)
def test_a_seed_is_a_function_of_its_names(root: int, names: list[str | int]) -> None:
    seed = derive_seed(root, *names)
    assert seed == derive_seed(root, *names)
    assert 0 <= seed < 2**63
    assert seed != derive_seed(root + 1, *names)
    assert seed != derive_seed(root, *names, "more")
    if len(names) > 1 and str(names[0]) != str(names[1]):
        assert seed != derive_seed(root, names[1], names[0], *names[2:])


def test_seeds_differ_by_study_variant_member_and_purpose() -> None:
    whose = list(product((1911, 1912), ("digits", "cifar10"), ("dense", "gmp-50"), range(30)))
    seeds = [seed for names in whose for seed in asdict(Seeds.derive(*names)).values()]
    assert len(seeds) == 4 * len(whose)
    assert len(set(seeds)) == len(seeds)


def test_the_seeds_of_a_member_do_not_depend_on_who_else_is_trained() -> None:
    alone = Seeds.derive(1911, "digits", "dense", 17)
    among = [Seeds.derive(1911, "digits", "dense", member) for member in range(30)]
    assert among[17] == alone


def test_pairs_share_all_but_what_the_method_draws() -> None:
    dense = asdict(Seeds.derive(1911, "digits", "dense", 3, paired=True))
    pruned = asdict(Seeds.derive(1911, "digits", "gmp-50", 3, paired=True))
    assert dense == asdict(Seeds.derive(1911, "digits", "dense", 3))
    assert {name for name in dense if dense[name] != pruned[name]} == {"method"}
