"""The whole params.yaml, checked, and its DAG."""

from collections.abc import Mapping
from typing import Any

from lesion import plugins
from lesion.errors import InputError
from lesion.params.document import nearest, read_yaml
from lesion.params.file import Params, Study
from lesion.params.validation import validate
from lesion.pipeline.graph import Graph
from lesion.pipeline.steps import STEPS


def _check_inputs(params: Params) -> None:
    """Check that networks take what the data of their studies give, and that nothing of images is asked of others.

    A data set of something else has a constant `GIVES`, a family of networks `TAKES`.
    """
    for name in (*params.active.studies, *params.active.comparisons):
        study, where = params.studies[name], f"params.yaml: studies.{name}"
        gives = getattr(plugins.load("data", study.data["name"]), "GIVES", "images")
        takes = getattr(plugins.load("model", study.model["name"]), "TAKES", "images")
        told = f"{study.data['name']} gives {gives}"
        if gives != takes:
            raise InputError(f"{where}.model: {study.model['name']} takes {takes}, {told}")
        if gives == "images":
            continue
        if study.robustness.corruptions:
            raise InputError(f"{where}.robustness.corruptions: are of images, {told}; [] is expected")
        if study.adversarial is not None:
            raise InputError(f"{where}.adversarial: is of images, {told}; null is expected")
        if study.model.get("input") is not None:
            raise InputError(f"{where}.model.input: is of images, {told}")
        from lesion.data.inputs import refuse_augmentation

        try:
            refuse_augmentation(study.recipe.augmentation, str(gives))
        except InputError as error:
            raise InputError(f"{where}.{error}") from None


def _side(study: Study) -> int | None:
    """Side of the images that a network is shown, in pixels; None where params.yaml does not tell."""
    given = plugins.options("model", study.model, where="model").input
    if given is not None and given.side is not None:
        return int(given.side)
    if given is not None and given.weights is not None:
        return None
    side: int | None = getattr(plugins.options("data", study.data, where="data"), "side", None)
    return side


def _check_corruptions(params: Params) -> None:
    """Check that the corruptions of the studies that are run can be made: after hours it is too late.

    Images must have a side for which there are constants, and frost needs its photographs.
    """
    for name in (*params.active.studies, *params.active.comparisons):
        asked = params.studies[name].robustness
        if asked.corruptions and asked.published is None and (side := _side(params.studies[name])) is not None:
            from lesion.data.corruptions.profiles import profile_for

            try:
                profile_for(side, side)
            except InputError as error:
                raise InputError(f"params.yaml: studies.{name}.robustness.{error}") from None
        if "frost" in asked.corruptions and asked.published is None:
            from lesion.data.corruptions.frost_photographs import folder

            folder()


def project(data: Mapping[str, Any]) -> tuple[Graph, Params]:
    """The DAG of params.yaml and its typed view.

    Raises
    ------
    InputError
        Names the first key at fault, with the nearest that is known.
    """
    params = validate(data)
    drawn = [step.fixed["figure"] for step in STEPS.values() if step.command == "figure"]
    for name in params.figures:
        if name not in drawn:
            raise InputError(f"params.yaml: figures.{name}: there is no such figure{nearest(name, drawn)}")
    _check_inputs(params)
    _check_corruptions(params)
    return Graph(data), params


def read_project() -> tuple[Graph, Params]:
    """`project` of the file in the current folder."""
    return project(read_yaml())
