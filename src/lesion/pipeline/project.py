"""The whole params.yaml, checked, and its DAG."""

from collections.abc import Mapping
from typing import Any

from lesion.errors import InputError
from lesion.params.document import nearest, read_yaml
from lesion.params.file import Params, validate
from lesion.pipeline.graph import Graph
from lesion.pipeline.steps import STEPS


def _check_corruptions(params: Params) -> None:
    """Check that the photographs of frost are here if a study that is run asks for them: after hours it is too late."""
    for name in (*params.active.studies, *params.active.comparisons):
        asked = params.studies[name].robustness
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
    _check_corruptions(params)
    return Graph(data), params


def read_project() -> tuple[Graph, Params]:
    """`project` of the file in the current folder."""
    return project(read_yaml())
