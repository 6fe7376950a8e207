"""A command for each step of the pipeline."""

from collections.abc import Callable
from typing import Annotated

import typer

from lesion.cli.app import NODES, app
from lesion.errors import InputError

Study = Annotated[str, typer.Option(help="A study of params.yaml, e.g. digits.")]
Variant = Annotated[str, typer.Option(help="A variant of params.yaml, e.g. gmp-50.")]
Shard = Annotated[str, typer.Option(help="First and last member, e.g. 0-9.")]
Figure = Annotated[str, typer.Option(help="A figure of params.yaml, e.g. impact.")]


def _node(step: str, **names: str) -> None:
    """Run a node. It checks its own part of params.yaml only; the engines check the whole file before they run any."""
    from lesion.pipeline.run import run

    run(step, names)


def _subcommand(step: str, per: tuple[str, ...]) -> Callable[..., None]:
    """The function of a subcommand, with the options that name a node of the step."""
    if per == ("study", "variant", "shard"):

        def of_shard(study: Study, variant: Variant, shard: Shard) -> None:
            _node(step, study=study, variant=variant, shard=shard)

        return of_shard
    if per == ("study", "variant"):

        def of_variant(study: Study, variant: Variant) -> None:
            _node(step, study=study, variant=variant)

        return of_variant

    def of_study(study: Study) -> None:
        _node(step, study=study)

    return of_study


def _add_nodes() -> None:
    from lesion.pipeline.steps import STEPS

    for name, step in STEPS.items():
        if not step.command:
            app.command(name, help=step.help, rich_help_panel=NODES)(_subcommand(name, step.per))


_add_nodes()


@app.command(rich_help_panel=NODES)
def figure(study: Study, figure: Figure) -> None:
    """Draw a figure, with its numbers beside."""
    from lesion.params.document import cut, nearest, read_yaml
    from lesion.pipeline.steps import STEPS

    data = read_yaml()
    cut(data, f"figures.{figure}")
    if f"figure-{figure}" not in STEPS:
        drawn = [step.fixed["figure"] for step in STEPS.values() if step.command == "figure"]
        raise InputError(f"figure: there is no module for {figure!r}{nearest(figure, drawn)}")
    _node(f"figure-{figure}", study=study)
