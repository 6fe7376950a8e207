"""The share of examples whose modal label differs between two populations, with its interval."""

import numpy as np
import numpy.typing as npt

from lesion.audit.inference.intervals import DEVIATIONS
from lesion.audit.inference.resampling import Pool, bootstrap, pie_flags


def pie_share(
    dense: npt.NDArray[np.integer],
    compressed: npt.NDArray[np.integer],
    *,
    classes: int,
    ties: str,
    paired: bool,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """The share of examples that are PIE, and the ends of its 95 % interval.

    The variance over members is that of a bootstrap of whole members; its draws hold members twice, so that their
    shares are too high on average, and their spread alone is used. To it comes the variance over examples, less what
    both hold (`effects`). Of single models the interval is over examples alone.

    Parameters
    ----------
    dense, compressed : int (members, examples), each in [0, classes)
    ties : as `votes.modal_label` takes them
    paired : member k of both belong together
    resamples : how often members are drawn
    """
    members = len(dense), len(compressed)
    pool = Pool(np.concatenate([dense, compressed]), None, classes, ties)
    whole = np.arange(members[0])[None], members[0] + np.arange(members[1])[None]
    flags = next(pie_flags(pool, *whole))
    share, examples = float(flags.mean()), len(flags)
    over_examples = share * (1 - share) / max(examples - 1, 1)
    drawn = bootstrap(rng, dense=members[0], compressed=members[1], resamples=resamples, paired=paired)
    shares, often = np.empty(resamples), np.zeros(examples)
    for draw, flagged in enumerate(pie_flags(pool, *drawn)):
        shares[draw] = flagged.mean()
        often += flagged
    often /= resamples
    over_members, both = shares.var(ddof=1), np.mean(often * (1 - often)) / examples
    half = DEVIATIONS * np.sqrt(max(over_members + over_examples - both, over_members, over_examples))
    return share, max(0.0, share - half), min(1.0, share + half)
