"""The command line itself, which each module of this folder adds its commands to."""

from typing import Annotated

import typer

app = typer.Typer(
    help="Find what a compressed neural network forgets.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

AUDIT, NODES, ENGINES = "Audit your own models", "Nodes of the pipeline", "Engines and params.yaml"


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"lesion {version('lesion')}")
        raise typer.Exit


@app.callback()
def lesion(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Find what a compressed neural network forgets."""
