"""Commands for checkpoints of other projects."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from lesion.cli.app import NODES, app
from lesion.errors import InputError


@app.command(rich_help_panel=NODES)
def names(
    weights: Annotated[Path, typer.Option(help="The checkpoint.")],
    out: Annotated[Path, typer.Option(help="The CSV file to write, for `names` of method pretrained.")],
    study: Annotated[str | None, typer.Option(help="A study of params.yaml, whose data are made.")] = None,
    architecture: Annotated[str | None, typer.Option(help="A network's name instead, e.g. resnet50.")] = None,
    library: Annotated[Literal["timm", "torchvision"], typer.Option(help="Whose architecture it is.")] = "timm",
    classes: Annotated[int, typer.Option(help="Classes of the architecture.")] = 1000,
    side: Annotated[int, typer.Option(help="Side of its images in pixels.")] = 224,
    key: Annotated[str | None, typer.Option(help="Which tensors of the file, as `key` of method pretrained.")] = None,
) -> None:
    """Map the names of a checkpoint to those of a network by the order of their layers, for you to check."""
    from lesion import plugins
    from lesion.artifacts.atomic import write_text
    from lesion.models.build import build
    from lesion.models.checkpoint_files import read_state
    from lesion.models.foreign_weights import plain
    from lesion.models.inputs import read_inputs
    from lesion.models.name_map import line_up, map_text, told
    from lesion.params.document import cut, read_yaml
    from lesion.pipeline.graph import Graph

    if (study is None) == (architecture is None):
        raise InputError("names: --study or --architecture is expected, and not both")
    if study is not None:
        data = read_yaml()
        files = Graph(data).outputs(Graph(data).node("data", {"study": study}))
        model = cut(data, f"studies.{study}.model")
        network = build(model, read_inputs(model, Path(files["examples"]), Path(files["images"]), "test"))
    else:
        model = {"name": library, "architecture": architecture}
        options = plugins.options("model", model, where="model")
        network = plugins.load("model", library).build(options, channels=3, side=side, classes=classes)
    try:
        matches = line_up(plain(read_state(weights, key)), network.state_dict())
    except InputError as error:
        raise InputError(f"{weights}: {error}") from None
    write_text(out, map_text(matches))
    print(f"{out}: {told(matches)}")
