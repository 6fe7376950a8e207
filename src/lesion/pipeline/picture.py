"""The DAG of the steps as a Mermaid flowchart, which GitHub and the site of the documentation draw."""

from collections.abc import Iterator

from lesion.pipeline.steps import STATISTICS, STEPS

OUTSIDE = 'outside(["a file from outside"])'
FOLDED = {"statistics", "figures"}
"""Nodes that stand for all modules of a folder: another module changes nothing in the picture."""


def picture() -> str:
    """The text of the flowchart, one line a node or an edge, in the order of `STEPS`.

    A node is a step; all statistics are one node, all figures another. An edge leads from the step that writes an
    artifact to the step that reads it, and has the artifact's name.
    """
    lines = ["flowchart TD", *(f"    {node}" for node in _nodes()), *(f"    {edge}" for edge in _edges())]
    return "\n".join(lines) + "\n"


def _place(step: str) -> str:
    """The node of the picture that shows a step."""
    if step in STATISTICS:
        return "statistics"
    return "figures" if STEPS[step].command == "figure" else step


def _nodes() -> Iterator[str]:
    for place in dict.fromkeys(map(_place, STEPS)):
        yield f'{place}["{place}{"<br>a module each" if place in FOLDED else ""}"]'
    yield OUTSIDE


def _edges() -> Iterator[str]:
    writers: dict[str, list[str]] = {}
    for name, step in STEPS.items():
        for artifact in step.outputs.values():
            writers.setdefault(artifact, []).append(_place(name))
    carried: dict[tuple[str, str], list[str]] = {}
    for name, step in STEPS.items():
        if step.reads_file or step.reads_members:
            yield f"outside --> {_place(name)}"
        for given in step.inputs.values():
            for writer in writers[given.artifact]:
                artifacts = carried.setdefault((writer, _place(name)), [])
                if given.artifact not in artifacts:
                    artifacts.append(given.artifact)
    for (writer, reader), artifacts in carried.items():
        label = "tables" if writer in FOLDED else ", ".join(artifacts)
        yield f'{writer} -- "{label}" --> {reader}'
