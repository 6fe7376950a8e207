"""What to know of several candidates together, in sentences."""

from collections.abc import Iterator

from lesion.audit.contract import Candidate
from lesion.audit.wording import points

HARDLY = 5e-5  # optimism that two decimals of a point do not show


def notes(candidates: tuple[Candidate, ...], lucky: tuple[int, float] | None) -> Iterator[str]:
    """Sentences on the optimism of choosing the best, and on candidates that cannot be compared.

    Parameters
    ----------
    lucky : place of the candidate that loses least, and the optimism of choosing it; None where there is no choice
    """
    unlabelled = [one.name for one in candidates if one.audited.comparison.label is None]
    if unlabelled and len(candidates) > len(unlabelled):
        yield (
            f"No labels are known for {', '.join(unlabelled)}: a column label in the file of the dense models serves"
            " all candidates, one in the file of a candidate only that one."
        )
    if lucky is not None:
        yield _optimism(candidates, *lucky)


def _optimism(candidates: tuple[Candidate, ...], place: int, optimism: float) -> str:
    best = candidates[place]
    change = _change(best)
    said = f"{best.name} keeps the most accuracy on these examples ({points(change)} points)."
    if optimism < HARDLY:
        return f"{said} It is so far ahead that the choice among {len(candidates)} does not flatter it."
    return (
        f"{said} The best of {len(candidates)} looks better than it is, because it was chosen on the examples that it"
        f" is judged by: here by about {100 * optimism:.2f} points, which leaves {points(change - optimism)}. Examples"
        " that took no part in the choice would tell."
    )


def _change(candidate: Candidate) -> float:
    comparison = candidate.audited.comparison
    return float(comparison.compressed.correct.mean() - comparison.dense.correct.mean())
