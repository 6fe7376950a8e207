"""The interval of a proportion of a size that need be no whole number: of clustered examples, of few models."""

from scipy import special

from lesion.audit.inference.intervals import LEVEL


def share_interval(share: float, size: float) -> tuple[float, float]:
    """95 % interval of a share of `size` independent examples, of which there need not be a whole number.

    That of Clopper and Pearson (Biometrika 26, 1934) with an effective size, as Korn and Graubard (Surv. Methodol. 24,
    1998) use it for surveys: at least as often right as it says, and never without width.
    """
    seen = share * size
    low = special.betaincinv(seen, size - seen + 1, (1 - LEVEL) / 2) if seen > 0 else 0.0
    high = special.betaincinv(seen + 1, size - seen, (1 + LEVEL) / 2) if seen < size else 1.0
    return min(float(low), share), max(float(high), share)
