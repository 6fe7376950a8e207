"""Commands about model files: run one, write one."""

from pathlib import Path
from typing import Annotated

import typer

from lesion.cli.app import AUDIT, NODES, app
from lesion.deploy.choices import Interpolation, Kind, Layout, Runtime
from lesion.errors import InputError


def _numbers(text: str | None, option: str) -> tuple[float, ...] | None:
    """`0.485,0.456,0.406` as numbers; InputError where it is none."""
    try:
        return None if text is None else tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{option}: {text!r}, numbers with commas between are expected") from None


@app.command(rich_help_panel=AUDIT)
def predict_onnx(
    model: Annotated[Path, typer.Option(help="The model: .onnx, or a file of another runtime.")],
    inputs: Annotated[Path, typer.Option(help="A folder of images, a .csv of path and label, or arrays: .npy, .npz.")],
    out: Annotated[Path, typer.Option(help="The predictions to write, .parquet or .csv; lesion audit reads them.")],
    labels: Annotated[
        Path | None, typer.Option(help="Labels of the examples in their order: .npy, or text, a line each.")
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(help="Names of the model's classes in its order, a line each.")
    ] = None,
    output: Annotated[
        str | None, typer.Option(help="The model's output with the scores, where it has several.")
    ] = None,
    scores: Annotated[Kind, typer.Option(help="What they are; auto: probabilities if rows sum to 1.")] = "auto",
    mean: Annotated[str | None, typer.Option(help="Of images, red, green, blue in 0 to 1: 0.485,0.456,0.406.")] = None,
    std: Annotated[str | None, typer.Option(help="Standard deviation, likewise.")] = None,
    input_scale: Annotated[
        float | None, typer.Option(help="Pixels times this, less mean, over std; else 1/255, for integers 1.")
    ] = None,
    side: Annotated[int | None, typer.Option(help="Pixels of the square; else the model's shape tells.")] = None,
    resize: Annotated[
        int | None, typer.Option(help="Pixels of the shorter side before the centre is cut; else side / 0.875.")
    ] = None,
    interpolation: Annotated[Interpolation, typer.Option(help="How images are scaled.")] = "bilinear",
    layout: Annotated[Layout | None, typer.Option(help="Channels first or last; else the shape tells.")] = None,
    bgr: Annotated[bool, typer.Option("--bgr", help="The model takes blue, green, red.")] = False,
    batch: Annotated[int, typer.Option(help="Examples at a time, where the model does not fix it.")] = 32,
    runtime: Annotated[Runtime, typer.Option(help="auto: by the suffix, litert for .tflite.")] = "auto",
    providers: Annotated[
        str, typer.Option(help="Execution providers of the runtime in order of preference: cuda,cpu.")
    ] = "cpu",
    threads: Annotated[int, typer.Option(help="Threads that compute; 0: the runtime chooses.")] = 1,
) -> None:
    """Run a model file on images or arrays, and write its predictions with confidence for an audit."""
    from lesion.deploy.contract import RunOptions
    from lesion.deploy.predict import Said, predict_file
    from lesion.deploy.preparing import Pictures

    lines = predict_file(
        model, inputs, out, runtime=runtime,
        running=RunOptions(tuple(name.strip() for name in providers.split(",")), threads),
        pictures=Pictures(
            _numbers(mean, "--mean"), _numbers(std, "--std"), input_scale, side, resize, interpolation, layout, bgr
        ),
        said=Said(labels, classes, output, scores, batch),
    )  # fmt: skip
    print("\n".join(lines))


@app.command(rich_help_panel=NODES)
def export_onnx(
    study: Annotated[str, typer.Option(help="A study of params.yaml, e.g. digits.")],
    variant: Annotated[str, typer.Option(help="A variant of params.yaml, e.g. gmp-50.")],
    out: Annotated[Path, typer.Option(help="The file to write, .onnx.")],
    member: Annotated[int, typer.Option(help="The number of the member.")] = 0,
) -> None:
    """Write a trained or compressed member as an ONNX file, checked by onnxruntime."""
    from lesion.params.document import read_yaml
    from lesion.params.shard import members
    from lesion.pipeline.graph import Graph

    graph = Graph(read_yaml())
    held = [shard for shard in graph.shards(study, variant) if member in members(shard)]
    if not held:
        raise InputError(f"export-onnx: no shard of {variant} has a member {member}")
    node = graph.node("predict", {"study": study, "variant": variant, "shard": held[0]})
    files, settings = graph.inputs(node), graph.settings(node)
    try:
        from lesion.deploy.export import export_member
    except ImportError as error:
        raise InputError(f'{error.name} is not installed: pip install "lesion[train,onnx]"') from None

    lines = export_member(
        examples=Path(str(files["examples"])), images=Path(str(files["images"])),
        checkpoint=Path(str(files["checkpoint"])), model=settings["model"], compression=settings["compression"],
        member=member, out=out,
    )  # fmt: skip
    print("\n".join(lines))
