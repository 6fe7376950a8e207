"""Commands about the whole project: params.yaml and the engines."""

import json
from pathlib import Path
from typing import Annotated

import typer

from lesion.cli.app import ENGINES, app


@app.command(rich_help_panel=ENGINES)
def dvc(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if dvc.yaml is out of date.")] = False,
    list_published: Annotated[
        bool, typer.Option("--published", help="Write nothing; print the stages that a reviewer pulls.")
    ] = False,
) -> None:
    """Write dvc.yaml for the studies, variants and shards of params.yaml."""
    from lesion.pipeline.dvc import check_dvc, published, write_dvc
    from lesion.pipeline.project import read_project

    graph, _ = read_project()
    if list_published:
        print("\n".join(published(graph)))
    else:
        (check_dvc if check else write_dvc)(graph)


@app.command(rich_help_panel=ENGINES)
def versions() -> None:
    """Write the version of every active node, its code and settings, for DVC to depend on."""
    from lesion.pipeline.project import read_project
    from lesion.pipeline.version import write_versions

    graph, _ = read_project()
    write_versions(graph)


@app.command(rich_help_panel=ENGINES)
def adopt(engine: Annotated[str, typer.Argument(help="The engine that takes over: dvc or snakemake.")]) -> None:
    """Let one engine record as its own what the other has made."""
    from lesion.pipeline.adopt import adopt

    adopt(engine)


@app.command(rich_help_panel=ENGINES)
def status() -> None:
    """Tell which artifacts other versions or another device made, and which image files have changed."""
    from lesion.pipeline.status import status

    for line in status(Path("results")):
        print(line)


@app.command(rich_help_panel=ENGINES)
def graph() -> None:
    """Print the graph of the steps as a Mermaid flowchart."""
    from lesion.pipeline.picture import picture

    print(picture(), end="")


@app.command(rich_help_panel=ENGINES)
def schema(
    budget: Annotated[bool, typer.Option("--budget", help="That of a budget instead.")] = False,
    verdict: Annotated[bool, typer.Option("--verdict", help="That of verdict.json instead.")] = False,
) -> None:
    """Print the JSON schema of params.yaml, for editors."""
    from pydantic import BaseModel

    printed: type[BaseModel]
    if verdict:
        from lesion.audit.gate.verdict_file import VerdictFile

        printed = VerdictFile
    elif budget:
        from lesion.params.budget import Budget

        printed = Budget
    else:
        from lesion.params.file import Params

        printed = Params
    print(json.dumps(printed.model_json_schema(), indent=2))
