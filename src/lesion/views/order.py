"""The order in which examples are shown, one for the sheet of PIE, the gallery and the page of an audit."""

import pandas as pd


def strongest_first(examples: pd.DataFrame) -> pd.DataFrame:
    """The rows by `pie_score`, largest first; rows of equal score by `example_id`, smallest first.

    Parameters
    ----------
    examples : columns pie_score and example_id (integers or text), one row an example; any other columns are kept
    """
    return examples.sort_values(["pie_score", "example_id"], ascending=[False, True])
