"""The command line: the audit of any predictions, a subcommand for each step, and what the engines need.

May import: everything. A step is imported when it runs, so `lesion --help` imports no torch.
"""

import gc
import logging
import sys

from lesion.cli import audits, checkpoints, models, nodes, pretrained, project, tuning  # noqa: F401  they add their commands to the app, in this order
from lesion.cli.app import app
from lesion.errors import GateError, InputError


def main() -> None:
    """Run the command line: bad input is one line on standard error and exit code 2, a gate that fails exit code 1."""
    for stream in (sys.stdout, sys.stderr):  # a terminal of another encoding shows an escape where it lacks a sign
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("lesion").setLevel(logging.INFO)  # and not of fontTools, which tells of every glyph
    try:
        app(prog_name="lesion")
    except InputError as error:
        print(f"lesion: {error}", file=sys.stderr)
        sys.exit(2)
    except GateError as error:
        print(error, file=sys.stderr)
        sys.exit(error.code)
    finally:
        gc.freeze()  # else Python searches all objects for cycles before it exits, for a quarter of a second
