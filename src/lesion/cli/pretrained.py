"""The command that starts a study of one trained network."""

from pathlib import Path
from typing import Annotated

import typer

from lesion.cli.app import AUDIT, app
from lesion.errors import InputError


@app.command(rich_help_panel=AUDIT)
def pretrained(
    model: Annotated[str, typer.Option(help="The network: timm/<architecture> or torchvision/<architecture>.")],
    weights: Annotated[Path, typer.Option(help="Its checkpoint, .safetensors or of torch.save.")],
    images: Annotated[Path, typer.Option(help="A folder of images to judge by, with a folder for each class.")],
    out: Annotated[Path, typer.Option(help="The folder of the new study; params.yaml is written there.")],
    calibration: Annotated[
        Path | None, typer.Option(help="A folder like it, of other images: methods that compress look at them.")
    ] = None,
    calibrate_on_test: Annotated[
        bool, typer.Option("--calibrate-on-test", help="Let them look at the images that they are then judged by.")
    ] = False,
    calibration_images: Annotated[int, typer.Option(help="How many they look at.")] = 256,
    names: Annotated[
        Path | None, typer.Option(help="The map of the checkpoint's names, as `lesion names` writes it.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Which tensors of a checkpoint with several networks.")] = None,
    classes: Annotated[
        Path | None, typer.Option(help="Class ids in the order of the outputs; else the folders, sorted.")
    ] = None,
    loss: Annotated[float, typer.Option(help="Percentage points of accuracy that a variant may lose.")] = 2.0,
) -> None:
    """Start a study of one trained network: compress it in six ways without training, and judge each."""
    from lesion.pipeline.pretrained_study import PretrainedStudy, audit_command, write_study

    if (calibration is None) != calibrate_on_test:
        raise InputError(
            "pretrained: --calibration FOLDER is expected, of images that nothing is judged by, or --calibrate-on-test"
        )
    study = PretrainedStudy(
        model=model, weights=weights, images=images, calibration=calibration, names=names, key=key, classes=classes,
        loss=loss, count=calibration_images,
    )  # fmt: skip
    path = write_study(study, out)
    print(f"{path} is written. In its folder run Snakemake with Lesion's Snakefile, then put all variants on one page:")
    print(audit_command())
