"""The command line: the audit of any predictions, a subcommand for each step, and what the engines need.

A step is imported when it runs, so `lesion --help` imports no torch.
"""

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.normalise import Normalise
from lesion.params.ties import Ties

app = typer.Typer(
    help="Find what a compressed neural network forgets.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

AUDIT, NODES, ENGINES = "Audit your own models", "Nodes of the pipeline", "Engines and params.yaml"
CHANGES = [0.01, 0.02, 0.05, 0.1]

Study = Annotated[str, typer.Option(help="A study of params.yaml, e.g. digits.")]
Variant = Annotated[str, typer.Option(help="A variant of params.yaml, e.g. gmp-50.")]
Shard = Annotated[str, typer.Option(help="First and last member, e.g. 0-9.")]
Figure = Annotated[str, typer.Option(help="A figure of params.yaml, e.g. impact.")]


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


@app.command(rich_help_panel=AUDIT)
def audit(
    dense: Annotated[Path, typer.Option(help="Predictions before compression: .csv, .tsv, .parquet or .npy.")],
    compressed: Annotated[Path, typer.Option(help="Predictions after it.")],
    out: Annotated[Path, typer.Option(help="The folder to write, new or of an earlier audit.")],
    texts: Annotated[Path | None, typer.Option(help="A table of example_id and text, to show them.")] = None,
    alpha: Annotated[float, typer.Option(help="Significant below this p, and by false discovery rate this q.")] = 0.05,
    normalise: Annotated[Normalise, typer.Option(help="Whose accuracy recall is relative to.")] = "member",
    design: Annotated[Design, typer.Option(help="paired: member k of both belong together.")] = "auto",
    ties: Annotated[Ties, typer.Option(help="Which of the labels with the most votes is the modal one.")] = "member",
    splits: Annotated[int, typer.Option(help="Random splits of the null.")] = 200,
    resamples: Annotated[int, typer.Option(help="Draws of members, for the interval of the share of PIE.")] = 200,
    smallest: Annotated[int, typer.Option(help="A group of fewer examples is called small.")] = 30,
    seed: Annotated[int, typer.Option(help="The seed of all random draws.")] = 0,
) -> None:
    """Audit any two files of predictions: tables, figures and one page."""
    from lesion.views.page.audit import audit

    audit(
        dense=dense, compressed=compressed, out=out, texts=texts, alpha=alpha, normalise=normalise, design=design,
        ties=ties, splits=splits, resamples=resamples, smallest=smallest, seed=seed,
    )  # fmt: skip
    print(f"The page is {out / 'index.html'}.")


@app.command(rich_help_panel=AUDIT)
def power(
    study: Annotated[str | None, typer.Option(help="A study of params.yaml, e.g. digits.")] = None,
    variant: Annotated[str | None, typer.Option(help="Say also which changes its audit could not have seen.")] = None,
    dense: Annotated[Path | None, typer.Option(help="In place of a study: predictions before compression.")] = None,
    compressed: Annotated[Path | None, typer.Option(help="Predictions after it.")] = None,
    alpha: Annotated[float, typer.Option(help="Of two files: significant below this p.")] = 0.05,
    design: Annotated[Design, typer.Option(help="Of two files, paired: member k of both belong together.")] = "auto",
    change: Annotated[list[float], typer.Option(help="A change of recall to be found, as a fraction.")] = CHANGES,
    examples: Annotated[list[int], typer.Option(help="Test examples of a class; else the quartiles.")] = [],  # noqa: B006
    recall: Annotated[list[float], typer.Option(help="Recall of a class before it; else the quartiles.")] = [],  # noqa: B006
    power: Annotated[float, typer.Option(help="The chance to find it.")] = 0.8,
) -> None:
    """Print how many members, or for one pair of models how many examples, it takes to see a change of recall."""
    from lesion.audit.planning.plan import plan_files, plan_study

    wanted: dict[str, Any] = {"changes": change, "sizes": examples, "levels": recall, "power": power}
    if dense is not None and compressed is not None and study is None and variant is None:
        print(plan_files(dense, compressed, alpha=alpha, design=design, **wanted))
        return
    if study is None or dense is not None or compressed is not None:
        raise InputError("power: expected --study, or the files of --dense and --compressed")
    from lesion.pipeline.project import read_project

    graph, params = read_project()
    node = graph.node("impact", {"study": study, "variant": variant or params.active.compressed[0]})
    files = graph.inputs(node)
    print(
        plan_study(
            examples=Path(str(files["examples"])),
            dense=[Path(path) for path in files["dense"]],
            compressed=None if variant is None else [Path(path) for path in files["compressed"]],
            settings=params.audit.impact, design=params.audit.design, **wanted,
        )
    )  # fmt: skip


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
def schema() -> None:
    """Print the JSON schema of params.yaml, for editors."""
    from lesion.params.file import Params

    print(json.dumps(Params.model_json_schema(), indent=2))


def main() -> None:
    """Run the command line: bad input is one line on standard error and exit code 2."""
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
