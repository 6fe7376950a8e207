"""The DAG of the steps as a Mermaid flowchart, which GitHub and the site of the documentation draw."""

from collections.abc import Iterator

from lesion.pipeline.steps import STATISTICS, STEPS

OUTSIDE = 'outside(["a file from outside"])'
LABELS = 3
"""An edge with more artifacts than this is labelled with how many they are."""


def picture() -> str:
    """The text of the flowchart, one line a node or an edge, in the order of `STEPS`.

    A node is a step; all statistics are one node, all figures another, and each lists its names. An edge leads from the
    step that writes an artifact to the step that reads it, and has the artifact's name.
    """
    lines = ["flowchart TD", *(f"    {node}" for node in _nodes()), *(f"    {edge}" for edge in _edges())]
    return "\n".join(lines) + "\n"


def _place(step: str) -> str:
    """The node of the picture that shows a step."""
    if step in STATISTICS:
        return "statistics"
    return "figures" if STEPS[step].command == "figure" else step


def _nodes() -> Iterator[str]:
    held: dict[str, list[str]] = {}
    for step in STEPS:
        held.setdefault(_place(step), []).append(step.removeprefix("figure-"))
    for place, names in held.items():
        text = place if names == [place] else f"<b>{place}</b><br>{'<br>'.join(names)}"
        yield f'{place}["{text}"]'
    yield OUTSIDE


def _edges() -> Iterator[str]:
    writers: dict[str, list[str]] = {}
    for name, step in STEPS.items():
        for artifact in step.outputs.values():
            writers.setdefault(artifact, []).append(_place(name))
    carried: dict[tuple[str, str], list[str]] = {}
    for name, step in STEPS.items():
        if step.reads_file:
            yield f"outside --> {_place(name)}"
        for given in step.inputs.values():
            for writer in writers[given.artifact]:
                artifacts = carried.setdefault((writer, _place(name)), [])
                if given.artifact not in artifacts:
                    artifacts.append(given.artifact)
    for (writer, reader), artifacts in carried.items():
        label = ", ".join(artifacts) if len(artifacts) <= LABELS else f"{len(artifacts)} tables"
        yield f'{writer} -- "{label}" --> {reader}'
