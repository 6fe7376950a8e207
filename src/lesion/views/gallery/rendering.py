"""Pages from templates: the template of a package, all text from data escaped."""

from importlib.resources import files
from typing import Any

import jinja2


def render_template(package: str, **values: Any) -> str:
    """`template.html.jinja` of a package, with these values; a name that is not among them is an error."""
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    text = files(package).joinpath("template.html.jinja").read_text(encoding="utf-8")
    return environment.from_string(text).render(**values)
