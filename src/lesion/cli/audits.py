"""Commands for predictions from anywhere: no params.yaml is needed."""

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lesion.cli.app import AUDIT, app
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.normalise import Normalise
from lesion.params.ties import Ties

if TYPE_CHECKING:
    from lesion.audit.comparison.files.contract import Reading
    from lesion.audit.contract import AuditedCandidates
    from lesion.audit.gate.gate import Gate

Separator = Annotated[str | None, typer.Option(help="Between columns of text; else the header tells.")]
Task = Annotated[list[str], typer.Option(help="A task of a benchmark's logs; all without.")]
Filter = Annotated[str | None, typer.Option(help="The filter of answers, where logs have several.")]
Metric = Annotated[str | None, typer.Option(help="What tells right answers, where logs have several.")]
Classes = Annotated[
    Path | None, typer.Option(help="Names of the classes 0, 1, …: a list, or a study's examples.parquet.")
]

CHANGES = [0.01, 0.02, 0.05, 0.1]
COLLECT = 100_000, 50, 100
"""When Python searches for cycles of objects. With its own thresholds that takes a tenth of an audit's time."""


@app.command(rich_help_panel=AUDIT)
def audit(
    dense: Annotated[
        Path | None, typer.Option(help="Predictions before compression: a file, or a folder of logs.")
    ] = None,
    compressed: Annotated[
        list[str], typer.Option(help="Predictions after it: a file, or name=file; may be repeated.")
    ] = [],  # noqa: B006
    out: Annotated[Path | None, typer.Option(help="The folder to write, new or of an earlier audit.")] = None,
    budget: Annotated[
        Path | None, typer.Option(help="What may be lost; exit code 0 passed, 1 failed, 3 inconclusive.")
    ] = None,
    write_budget: Annotated[
        Path | None, typer.Option(help="Write an example of a budget for the files, and no audit.")
    ] = None,
    texts: Annotated[Path | None, typer.Option(help="A table of example_id and text, to show them.")] = None,
    facts: Annotated[Path | None, typer.Option(help="Size, latency, …: a row a candidate, .csv or .yaml.")] = None,
    images: Annotated[
        Path | None, typer.Option(help="A folder of pictures named by example_id, or a table of example_id and image.")
    ] = None,
    separator: Separator = None,
    task: Task = [],  # noqa: B006
    filter: Filter = None,
    metric: Metric = None,
    classes: Classes = None,
    alpha: Annotated[float, typer.Option(help="Significant below this p, and by false discovery rate this q.")] = 0.05,
    normalise: Annotated[Normalise, typer.Option(help="Whose accuracy recall is relative to.")] = "member",
    design: Annotated[Design, typer.Option(help="paired: member k of both belong together.")] = "auto",
    ties: Annotated[Ties, typer.Option(help="Which of the labels with the most votes is the modal one.")] = "member",
    splits: Annotated[int, typer.Option(help="Random splits of the null.")] = 200,
    resamples: Annotated[int, typer.Option(help="Draws of members, for the interval of the share of PIE.")] = 200,
    smallest: Annotated[int, typer.Option(help="A group of fewer examples is called small.")] = 30,
    seed: Annotated[int, typer.Option(help="The seed of all random draws.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing: the exit code speaks.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print all findings as one JSON object.")] = False,
) -> None:
    """Audit files of predictions, one or more candidates against dense: tables, figures and one page."""
    gc.set_threshold(*COLLECT)
    from lesion.audit.candidates.naming import named_files

    reading = _reading(separator, task, filter, metric, classes)
    if write_budget is not None:
        _write_budget(write_budget, dense, list(named_files(compressed).values()), reading)
        return
    if dense is None or out is None or not compressed:
        raise InputError("audit: expected --dense, --compressed and --out; --help tells what each is")
    from lesion.views.page.audit import audit

    gate = None if budget is None else _gate(budget)
    found = audit(
        dense=dense, compressed=named_files(compressed), out=out, texts=texts, images=images, facts=facts,
        reading=reading, gate=gate, alpha=alpha, normalise=normalise, design=design, ties=ties, splits=splits,
        resamples=resamples, smallest=smallest, seed=seed,
    )  # fmt: skip
    if not quiet:
        print("\n".join(_said(found, gate, out, as_json=as_json)))
    if gate is not None:
        raise typer.Exit(gate.exit_code_)


def _reading(
    separator: str | None, task: list[str], filter: str | None, metric: str | None, classes: Path | None
) -> "Reading":
    from lesion.audit.comparison.files.called import read_class_names
    from lesion.audit.comparison.files.contract import Reading

    names = () if classes is None else read_class_names(classes)
    return Reading(separator=separator, task=tuple(task), filter=filter, metric=metric, classes=names)


def _gate(budget: Path) -> "Gate":
    from lesion.audit.gate.gate import Gate

    return Gate(budget)


def _said(found: "AuditedCandidates", gate: "Gate | None", out: Path, *, as_json: bool) -> list[str]:
    """What is printed: one line of JSON, or a few of text."""
    if as_json:
        from lesion.audit.document import document

        return [document(found, () if gate is None else gate.document_["candidates"])]
    from lesion.views.page.folder import PAGE
    from lesion.views.terminal import encodable, lines

    said = lines(found, () if gate is None else gate.verdicts_, page=out / PAGE)
    if gate is not None:
        from lesion.audit.gate.wording import reasons

        said += [*gate.read.notes, *reasons(gate.verdicts_)]
    return [encodable(line, sys.stdout.encoding or "ascii") for line in said]


def _write_budget(path: Path, dense: Path | None, compressed: list[Path], reading: "Reading") -> None:
    """Write an example of a budget, with the classes and groups of the files where there are any."""
    from lesion.audit.comparison.from_files import from_files
    from lesion.audit.gate.example import example_budget, write_example

    if (dense is None) != (not compressed):
        raise InputError("audit: --write-budget takes both --dense and --compressed, or neither")
    known = None if dense is None else from_files(dense, compressed[0], reading=reading)
    write_example(path, example_budget(known, path.name))
    print(f"An example of a budget is in {path}. Its limits are percentage points: 1.0 is one answer in a hundred.")


@app.command(rich_help_panel=AUDIT)
def foresee(
    dense: Annotated[Path, typer.Option(help="Predictions of the dense models, with confidence or of several models.")],
    out: Annotated[Path, typer.Option(help="The folder to write, new or of an earlier run.")],
    texts: Annotated[Path | None, typer.Option(help="A table of example_id and text, to show them.")] = None,
    separator: Separator = None,
    task: Task = [],  # noqa: B006
    filter: Filter = None,
    metric: Metric = None,
    classes: Classes = None,
) -> None:
    """Rank examples, classes and groups by risk before anything is compressed, and say how many answers to lose."""
    from lesion.views.foreseen.foresee import foresee
    from lesion.views.foreseen.sentences import lines
    from lesion.views.page.folder import PAGE
    from lesion.views.terminal import encodable

    reading = _reading(separator, task, filter, metric, classes)
    found = foresee(dense=dense, out=out, texts=texts, reading=reading)
    said = [*lines(found), f"The page is {out / PAGE}."]
    print("\n".join(encodable(line, sys.stdout.encoding or "ascii") for line in said))


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
