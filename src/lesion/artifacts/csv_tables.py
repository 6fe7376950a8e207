"""Tables in CSV, for what people open. Apart from Parquet, so that steps that read none need not import pandas.

They have no metadata: what made them is told by the Parquet files that they are made of.
"""

from pathlib import Path

import pandas as pd

from lesion.artifacts.atomic import replacing
from lesion.errors import InputError

NAMES = ("name", "variant", "layer")
"""Columns that are text, though they may look like numbers."""


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table for people, with the shortest decimals that read back as the same floats."""
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")


def read_csv(path: Path) -> pd.DataFrame:
    """Read a table that `write_csv` wrote, floats exact."""
    try:
        return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=dict.fromkeys(NAMES, str))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValueError as error:  # of the parser, or of the encoding
        raise InputError(f"{path}: not a readable table ({str(error).splitlines()[0]})") from None
