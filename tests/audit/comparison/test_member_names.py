"""Members of pairs belong together by what they are called, in whatever order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesion.audit.comparison.pairs import matched, some

PARTNERS = {
    "the same names": [("a", "a"), ("b", "b"), ("c", "c")],
    "numbers": [("0", "0"), ("1", "1"), ("10", "10"), ("2", "2")],
    "a suffix": [("seed1", "seed1_int8"), ("seed10", "seed10_int8"), ("seed2", "seed2_int8")],
    "a suffix without a separator": [("seed1", "seed1int8"), ("seed10", "seed10int8"), ("seed8", "seed8int8")],
    "a prefix": [("1", "int8/1"), ("8", "int8/8"), ("81", "int8/81")],
    "a suffix on both sides": [("m1-fp32", "m1-int8"), ("m2-fp32", "m2-int8"), ("m32-fp32", "m32-int8")],
    "a word in the middle": [("net_1_best", "net_int8_1_best"), ("net_2_best", "net_int8_2_best")],
    "numbers of names": [("1", "seed1"), ("2", "seed2"), ("10", "seed10")],
    "capitals and zeros": [("resnet s01", "ResNet-S1"), ("resnet s02", "ResNet-S2")],
    "suffixes that differ": [("alpha", "alpha.int8"), ("beta", "beta.int4"), ("gamma", "pruned gamma")],
    "one name that begins with another": [("a", "a int8"), ("a b", "a b int4"), ("c", "c int4")],
    "some equal": [("a", "a"), ("b", "b_int8")],
    "no word in common, but one model each": [("teacher", "student")],
}


@pytest.mark.parametrize("case", PARTNERS)
@given(seed=st.integers(0, 10**6))
def test_partners_are_found_in_any_order(case: str, seed: int) -> None:
    rng, partner = np.random.default_rng(seed), dict(PARTNERS[case])
    dense, compressed = ([str(name) for name in rng.permutation(side)] for side in zip(*PARTNERS[case], strict=True))
    places = matched(dense, compressed)
    assert places is not None
    assert [compressed[place] for place in places] == [partner[name] for name in dense]


@pytest.mark.parametrize(
    ("dense", "compressed"),
    [
        (["0", "1", "2"], ["1", "2", "3"]),
        (["0", "1", "2"], ["10", "11", "12"]),
        (["a", "b"], ["c", "d"]),
        (["a", "b"], ["a_int8", "a_int4"]),
        (["a", "b"], ["a_b", "b_a"]),
        (["seed1", "seed2"], ["seed11_int8", "seed12_int8"]),
        (["1", "01"], ["1_int8", "01_int8"]),
        (["-", "+"], ["- int8", "+ int8"]),
        (["a", "b"], ["a", "b", "c"]),
    ],
)
def test_members_that_names_do_not_match_are_not_guessed(dense: list[str], compressed: list[str]) -> None:
    assert matched(dense, compressed) is None


def test_a_sentence_names_a_few() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some(["a", "b", "c", "d"]) == "a, b, c, …"
