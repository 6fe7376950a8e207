"""The rows of a table of the page as HTML: all text from data escaped, printable and short."""

from collections.abc import Sequence
from html import escape

from lesion.views.page.page import Table, excerpt
from lesion.views.text import printable

CELL = 160  # characters of a cell
LONG = 24  # characters from which a cell is broken into lines


def cell(text: str) -> str:
    """The text of a cell, which HTML may hold."""
    return escape(printable(text if len(text) <= CELL else excerpt(text, CELL)), quote=False)


def body(table: Table) -> str:
    """The rows of a table; those after the first ones are of the class `more`."""
    return "\n".join(_row(table, place, row) for place, row in enumerate(table.rows))


def _row(table: Table, place: int, row: Sequence[str]) -> str:
    said = [f"<td{_kind(table, column, text)}>{cell(text)}</td>" for column, text in enumerate(row)]
    said[0] = f'<th scope="row">{_first(table, place, row[0])}</th>'
    if table.chart is not None:
        said.insert(table.names, f'<td class="chart">{table.chart.marks[place]}</td>')
    return f"<tr{' class=more' if place >= table.first else ''}>{''.join(said)}</tr>"


def _kind(table: Table, column: int, text: str) -> str:
    """The class of a cell: words, or a number that is so long that it is broken into lines."""
    return " class=w" if column < table.names else " class=long" if len(text) > LONG else ""


def _first(table: Table, place: int, name: str) -> str:
    """The name of a row, with the picture and the text that belong to it."""
    said = cell(name)
    if not table.texts and not table.pictures:
        return said
    picture = table.pictures[place] if table.pictures else None
    shown = "" if picture is None else f'<img src="{picture}" alt="Picture of {escape(said)}" decoding="async">'
    text = f'<span class="text">{escape(printable(table.texts[place]), quote=False)}</span>' if table.texts else ""
    return f'<span class="example">{shown}<span><span class="name">{said}</span>{text}</span></span>'


def labels(id_: str, columns: Sequence[str]) -> str:
    """CSS that writes before each cell the name of its column: on a narrow screen a row is a card."""
    rules = (
        f'#{id_} tr>:nth-child({place}):before{{content:"{_css(name)}"}}'
        for place, name in enumerate(columns, start=1)
        if place > 1 and name
    )
    return "".join(rules)


def _css(text: str) -> str:
    """Text in a string of CSS: all but letters, digits and blanks by their codes."""
    return "".join(sign if sign.isalnum() or sign == " " else f"\\{ord(sign):x} " for sign in cell_name(text))


def cell_name(text: str) -> str:
    """The name of a column, short."""
    return printable(text if len(text) <= CELL else excerpt(text, CELL))
