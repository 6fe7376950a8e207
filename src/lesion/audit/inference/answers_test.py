"""One test of all answers together, of the kind that the members allow."""

from dataclasses import dataclass

import numpy as np

from lesion.audit.inference.energy import Labels, agreements, least_p, permutation_p
from lesion.audit.inference.pair_changes import ENOUGH, few_pairs_p, inner_products, sign_flip_p

LEVEL = 0.05


@dataclass(frozen=True)
class Tested:
    """`test`: permutation, sign-flip, inner-products, or none where so few members cannot reach p < 0.05."""

    test: str
    p: float


def answers_test(prediction: Labels, *, dense: int, paired: bool, rng: np.random.Generator) -> Tested:
    """Whether compressed members answer otherwise, more than other seeds do. Where no answer differs, p is 1.

    Parameters
    ----------
    prediction : int (members, examples), the dense members and then the compressed ones; examples to which all give
        one answer do not matter
    dense : how many are dense; of pairs, at least four
    """
    same = agreements(prediction)
    if not paired:
        if least_p(dense, len(same) - dense) > LEVEL:
            return Tested("none", float("nan"))
        return Tested("permutation", permutation_p(same, dense, rng))
    inner = inner_products(same)
    if dense < ENOUGH:
        return Tested("inner-products", few_pairs_p(inner))
    return Tested("sign-flip", sign_flip_p(inner, rng))
