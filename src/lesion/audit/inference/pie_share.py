"""The share of examples whose modal label differs between two populations, with its interval."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.effective_size import sample
from lesion.audit.inference.intervals import DEVIATIONS, LEVEL
from lesion.audit.inference.proportions import share_interval
from lesion.audit.inference.resampling import Flags, Pool, bootstrap, pie_flags


def pie_share(
    dense: npt.NDArray[np.integer],
    compressed: npt.NDArray[np.integer],
    *,
    classes: int,
    ties: str,
    paired: bool,
    resamples: int,
    rng: np.random.Generator,
    cluster: npt.NDArray[np.integer] | None = None,
) -> tuple[float, float, float]:
    """The share of examples that are PIE, and the ends of its 95 % interval.

    The variance over members is that of a bootstrap of whole members; its draws hold members twice, so that their
    shares are too high on average, and their spread alone is used. To it comes the variance over examples, less what
    both hold (`effects`). As many independent examples as have this variance give the interval
    (`proportions.share_interval`). Of single models it is over examples alone.

    Parameters
    ----------
    dense, compressed : int (members, examples), each in [0, classes)
    ties : as `votes.modal_label` takes them
    paired : member k of both belong together
    resamples : how often members are drawn
    cluster : int (examples,), which examples belong together, 0 and up; None: each is alone
    """
    members = len(dense), len(compressed)
    pool = Pool(np.concatenate([dense, compressed]), None, classes, ties)
    whole = np.arange(members[0])[None], members[0] + np.arange(members[1])[None]
    flags = next(pie_flags(pool, *whole))
    share, examples = float(flags.mean()), len(flags)
    smooth = (share * examples + 0.5) / (examples + 1)
    binomial = smooth * (1 - smooth)
    shown = sample(flags.astype(np.float64), np.zeros(examples, dtype=np.int64), 1, cluster)
    over_examples = binomial / float(shown.size(shown.examples, (1 - LEVEL) / 2)[0])
    variance = over_examples
    if max(members) > 1:
        drawn = bootstrap(rng, dense=members[0], compressed=members[1], resamples=resamples, paired=paired)
        over_members, both = _over_members(pie_flags(pool, *drawn), resamples, examples)
        over_members *= _few_members(members, paired=paired)
        variance = max(over_members + over_examples - both, over_members, over_examples)
    return share, *share_interval(share, binomial / variance)


def _over_members(drawn: Iterator[Flags], resamples: int, examples: int) -> tuple[float, float]:
    """Variance of the share between draws, and the part of it that would go with more examples."""
    shares, often = np.empty(resamples), np.zeros(examples)
    for draw, flagged in enumerate(drawn):
        shares[draw] = flagged.mean()
        often += flagged
    often /= resamples
    return float(shares.var(ddof=1)), float(np.mean(often * (1 - often)) / examples)


def _few_members(members: tuple[int, int], *, paired: bool) -> float:
    """What makes good that a bootstrap of M members has (M - 1) / M of the variance, and few degrees of freedom."""
    several = [count for count in members if count > 1]
    least = min(several)
    freedom = least - 1 if paired else sum(several) - len(several)
    quantile = special.stdtrit(freedom, (1 + LEVEL) / 2)
    return float(least / (least - 1) * (quantile / DEVIATIONS) ** 2)
