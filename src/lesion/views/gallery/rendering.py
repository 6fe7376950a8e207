"""Pages from templates: the template of a package, all text from data escaped and printable."""

from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from lesion.views.text import printable


def _shown(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def render_template(package: str, **values: Any) -> str:
    """`template.html.jinja` of a package, with these values; a name that is not among them is an error."""
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
    )
    text = files(package).joinpath("template.html.jinja").read_text(encoding="utf-8")
    return environment.from_string(text).render(**values)
