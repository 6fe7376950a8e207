"""All checks of what cannot be right, in an order in which the nearest reason is told first."""

from collections.abc import Sequence

from lesion.audit.comparison.comparison import SIDES, Comparison
from lesion.audit.comparison.sanity.answers import check_meeting, check_top5
from lesion.audit.comparison.sanity.shifted import check_shift
from lesion.audit.comparison.sanity.twins import check_twins


def checked(comparison: Comparison, sources: Sequence[object] = SIDES, *, known: bool = False) -> Comparison:
    """The same comparison.

    Parameters
    ----------
    sources : what the messages call dense and compressed, such as their files
    known : the classes were given, rather than found in labels and answers: all of these are right

    Raises
    ------
    InputError
        Where it cannot be right; in one line that names the source.
    """
    if comparison.graded:  # there are no classes
        return comparison
    called = [str(source) for source in sources]
    check_shift(comparison, called)
    check_twins(comparison, called)
    if not known:
        check_meeting(comparison, called)
    check_top5(comparison, called)
    return comparison
