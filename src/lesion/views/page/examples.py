"""The section of the page on examples that get another answer, with their texts and pictures."""

import pandas as pd

from lesion.audit.contract import Audited
from lesion.views.order import strongest_first
from lesion.views.page import page
from lesion.views.page.pictures import Pictures
from lesion.views.page.rows import ANSWERS, example_rows

OF_PAIR = "The examples that get another answer: broken ones first, the most confident on top."
OF_MODELS = "The examples that get another answer, those first of which it is surest that compression did it."
NONE = "No example gets another answer."


def found(audited: Audited, texts: pd.Series | None) -> pd.DataFrame:
    """The PIE alone, the surest first, with their texts and with what models answered where these are known.

    Parameters
    ----------
    texts : by `example_id`; without, those that the files of predictions hold
    """
    table, comparison = audited.tables["pie"], audited.comparison
    known = {} if comparison.text is None else {"text": comparison.text}
    if comparison.answers is not None:
        known |= dict(zip(ANSWERS, comparison.answers, strict=True))
    pie = strongest_first(table.assign(**known)[table["pie"]]).drop(columns="pie")
    return pie if texts is None else pie.assign(text=pie["example_id"].map(texts))


def section(pie: pd.DataFrame, pictures: Pictures | None = None) -> page.Table:
    """The table of the first of `found`.

    Parameters
    ----------
    pictures : where their pictures lie
    """
    few = pie.head(page.ROWS)
    shown = None if pictures is None else pictures.of(few["example_id"].to_numpy())
    columns, rows = example_rows(few)
    single = bool(pie["pie_score"].isna().all())
    return page.Table(
        "Examples (PIE)",
        ((OF_PAIR if single else OF_MODELS) if len(pie) else NONE) + ("" if shown is None else shown.said),
        "pie.csv",
        columns,
        rows,
        len(pie),
        texts=[page.excerpt(text) for text in few.get("text", ())],
        names=columns.index("compressed") + 1 + sum(name in few for name in ANSWERS),
        pictures=[] if shown is None else [shown.src.get(one) for one in few["example_id"].tolist()],
    )
