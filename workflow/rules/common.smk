"""What the rules are made of: the DAG that src/lesion/pipeline declares, for this params.yaml."""

from pathlib import Path

from lesion.pipeline.graph import Graph, Node, flat
from lesion.pipeline.project import project
from lesion.pipeline.steps import STATISTICS, STEPS
from lesion.pipeline.version import code, settings

GRAPH, _ = project(config)
ENVIRONMENT = (
    "../../environment.yml"  # used with --software-deployment-method conda alone
)
ACTIVE = list(GRAPH.nodes())
TABLES = {"summary", "robustness", *STATISTICS}
CATEGORIES = {"summary": "Summary", "comparison": "Comparison", "gallery": "Gallery"}


wildcard_constraints:
    study="|".join(config["studies"]),
    variant="|".join(config["variants"]),
    shard=r"\d+-\d+",


def outputs(nodes):
    """The files that nodes write."""
    return [path for node in nodes for path in GRAPH.outputs(node).values()]


def nodes_of_comparison():
    """The nodes of all comparison studies, active or not."""
    active = config["active"] | {
        "studies": [],
        "comparisons": config["comparison"]["studies"],
    }
    return Graph(config | {"active": active}).nodes()


def node(step):
    """From a job's wildcards to its node."""
    return lambda wildcards: Node(step, dict(wildcards))


def read(step, name):
    """The files that a job reads as the input `name`."""

    def files(wildcards):
        found = GRAPH.inputs(node(step)(wildcards))[name]
        return found if isinstance(found, str) else flat(found)

    return files


def reads(step):
    """The inputs of a rule, each a function of the wildcards."""
    declared = STEPS[step]
    names = [*declared.inputs, *(["source"] if declared.reads_file else [])]
    return {name: read(step, name) for name in names}


def writes(step):
    """The outputs of a rule; the first is in the report where `report/` holds a caption for the step."""
    names = {axis: f"{{{axis}}}" for axis in STEPS[step].per}
    found = GRAPH.outputs(Node(step, names))
    first = next(iter(found))
    caption = Path(workflow.basedir) / "workflow" / "report" / f"{step}.rst"
    if caption.exists():
        labels = {axis: f"{{{axis}}}" for axis in ("study", "variant") if axis in names}
        category = CATEGORIES.get(
            step, "Figures" if STEPS[step].command == "figure" else "Tables"
        )
        found[first] = report(
            found[first],
            caption=str(caption),
            category=category,
            labels=labels | {"shows": step},
        )
    return found


def variants(step):
    """A rule's wildcard constraint: the variants of the catalogue that the step is for."""
    kinds = STEPS[step].kinds
    return (
        {
            "variant": "|".join(
                name for name in config["variants"] if GRAPH.kind(name) in kinds
            )
            or "none"
        }
        if kinds
        else {}
    )


def cores(step):
    """Cores of a job: the threads that compute and the processes that read ahead, as the study says."""

    def count(wildcards):
        part = config["studies"][wildcards.study][STEPS[step].cores]
        return part["threads"] + part["workers"]

    return count if STEPS[step].cores else 1
