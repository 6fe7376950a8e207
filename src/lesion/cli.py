"""The command line: one subcommand a node of the pipeline, and what binds the two engines together.

Imports of the steps happen in the steps: `lesion --help` needs no torch, and a node not the whole of params.yaml.
"""

import hashlib
import json
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from lesion.artifacts import paths
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.document import read_yaml
from lesion.params.impact import Normalise
from lesion.steps import STEPS, check, modules, run, settings

app = typer.Typer(
    help=__doc__.partition("\n")[0], no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)

CHANGES = [0.01, 0.02, 0.05, 0.1]

Study = Annotated[str, typer.Option(help="A study of params.yaml, e.g. digits.")]
Variant = Annotated[str, typer.Option(help="A variant of params.yaml, e.g. gmp-50.")]
Shard = Annotated[str, typer.Option(help="First and last member, e.g. 0-9.")]
Figure = Annotated[str, typer.Option(help="A figure of params.yaml, e.g. impact.")]


def _node(step: str, **names: str) -> None:
    """Run a node, which sees and checks its own part of the file alone; both engines check the whole before any."""
    data = read_yaml()
    check(step, names, data)
    more = {"stamp": _stamp(step, names, data)} if STEPS[step].resumable else {}
    run(step, names, data, **more)


def _stamp(step: str, names: dict[str, str], data: dict[str, object]) -> str:
    """A hash of all that a resumable node's output depends on: settings, code and data."""
    from lesion.code_version import code_version

    digest = hashlib.sha256(repr(sorted(settings(step, names, data).items())).encode())
    digest.update(code_version(modules(step, names, data)).encode())
    for path in (paths.examples(names["study"]), paths.images(names["study"])):
        if not path.exists():
            raise InputError(f"{path}: missing; `lesion data --study {names['study']}` makes it")
        digest.update(path.read_bytes())
    return digest.hexdigest()


@app.command()
def data(study: Study) -> None:
    """Write the study's examples and images."""
    _node("data", study=study)


@app.command()
def adversarial(study: Study) -> None:
    """Make the natural adversarial set with a reference model."""
    _node("adversarial", study=study)


@app.command()
def train(study: Study, variant: Variant, shard: Shard) -> None:
    """Train the members of a shard, dense or pruned while training."""
    _node("train", study=study, variant=variant, shard=shard)


@app.command()
def compress(study: Study, variant: Variant, shard: Shard) -> None:
    """Derive a compressed variant from trained dense members."""
    _node("compress", study=study, variant=variant, shard=shard)


@app.command()
def predict(study: Study, variant: Variant, shard: Shard) -> None:
    """Write what each member says of each test example."""
    _node("predict", study=study, variant=variant, shard=shard)


@app.command()
def robustness(study: Study, variant: Variant, shard: Shard) -> None:
    """Count correct answers on corrupted and natural adversarial images."""
    _node("robustness", study=study, variant=variant, shard=shard)


@app.command()
def impact(study: Study, variant: Variant) -> None:
    """Test each class's change of recall against the change of accuracy."""
    _node("impact", study=study, variant=variant)


@app.command()
def pie(study: Study, variant: Variant) -> None:
    """Find the examples whose modal label compression changes."""
    _node("pie", study=study, variant=variant)


@app.command()
def subgroups(study: Study, variant: Variant) -> None:
    """Compare error rates by attributes of the examples."""
    _node("subgroups", study=study, variant=variant)


@app.command()
def effects(study: Study, variant: Variant) -> None:
    """Write how much accuracy and predictions change, with intervals."""
    _node("effects", study=study, variant=variant)


@app.command()
def null(study: Study, variant: Variant) -> None:
    """Count what seed noise alone gives, beside what there is, like for like."""
    _node("null", study=study, variant=variant)


@app.command()
def summary(study: Study) -> None:
    """Write the headline table."""
    _node("summary", study=study)


@app.command()
def comparison(study: Study) -> None:
    """Compare methods at all their levels, and rank them by what they forget."""
    _node("comparison", study=study)


@app.command()
def figure(study: Study, figure: Figure) -> None:
    """Draw a figure, with its numbers beside."""
    _node("figure", study=study, figure=figure)


@app.command()
def gallery(study: Study) -> None:
    """Write the page that shows the PIE."""
    _node("gallery", study=study)


@app.command()
def power(
    study: Study,
    variant: Annotated[str | None, typer.Option(help="Tell also what its audit could not have seen.")] = None,
    change: Annotated[list[float], typer.Option(help="A change of recall to be found, as a fraction.")] = CHANGES,
    examples: Annotated[list[int], typer.Option(help="Test examples of a class; else the quartiles.")] = [],  # noqa: B006
    power: Annotated[float, typer.Option(help="The chance to find it.")] = 0.8,
) -> None:
    """Print how many members are needed to see a change in a class, from those that there are."""
    from lesion.audit.planning.plan import plan
    from lesion.params.file import validate

    params = validate(read_yaml())
    for name, known, where in ((study, params.studies, "study"), (variant, params.variants, "variant")):
        if name is not None and name not in known:
            raise InputError(f"params.yaml: there is no {where} named {name!r} ({', '.join(known)})")
    print(
        plan(
            study=study, variant=variant, shards=params.active.shards, settings=params.audit.impact,
            design=params.audit.design, changes=change, examples=examples, power=power,
        )
    )  # fmt: skip


@app.command()
def audit(
    dense: Annotated[Path, typer.Option(help="Predictions before compression: .csv, .csv.gz, .parquet or .npy.")],
    compressed: Annotated[Path, typer.Option(help="Predictions after it.")],
    out: Annotated[Path, typer.Option(help="The folder to write, new or of an earlier audit.")],
    texts: Annotated[Path | None, typer.Option(help="A table of example_id and text, to show them.")] = None,
    alpha: Annotated[float, typer.Option(help="Significant below this p, and by false discovery rate this q.")] = 0.05,
    normalise: Annotated[Normalise, typer.Option(help="Whose accuracy recall is relative to.")] = "population",
    design: Annotated[Design, typer.Option(help="paired: member k of both belong together.")] = "auto",
    splits: Annotated[int, typer.Option(help="Draws of the null.")] = 200,
    resamples: Annotated[int, typer.Option(help="Draws of members, for the interval of the share of PIE.")] = 200,
    smallest: Annotated[int, typer.Option(help="A group of fewer examples is called small.")] = 30,
    seed: Annotated[int, typer.Option(help="Of all draws.")] = 0,
) -> None:
    """Audit any two files of predictions: tables, figures and one page."""
    from lesion.views.page.audit import audit

    audit(
        dense=dense, compressed=compressed, out=out, texts=texts, alpha=alpha, normalise=normalise, design=design,
        splits=splits, resamples=resamples, smallest=smallest, seed=seed,
    )  # fmt: skip
    print(f"The page is {out / 'index.html'}.")


@app.command()
def code() -> None:
    """Write the code version of every active node, for DVC to depend on."""
    from lesion.engines import write_code_versions
    from lesion.params.file import validate

    data = read_yaml()
    write_code_versions(data, validate(data))


@app.command()
def schema() -> None:
    """Print the JSON schema of params.yaml, for editors."""
    from lesion.params.file import Params

    print(json.dumps(Params.model_json_schema(), indent=2))


@app.command()
def adopt(engine: Annotated[str, typer.Argument(help="The engine that takes over: dvc or snakemake.")]) -> None:
    """Let one engine record as its own what the other has made."""
    from lesion.engines import adopt

    adopt(engine)


def main() -> None:
    """Run the command line: bad input is one line on standard error and exit code 2."""
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("lesion").setLevel(logging.INFO)  # and not of fontTools, which tells of every glyph
    try:
        app()
    except InputError as error:
        print(f"lesion: {error}", file=sys.stderr)
        sys.exit(2)
