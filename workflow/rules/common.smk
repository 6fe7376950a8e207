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
TABLES = {"summary", "robustness", "layers", *STATISTICS}
CATEGORIES = {
    "summary": "Summary",
    "comparison": "Comparison",
    "front": "Comparison",
    "figure-comparison": "Comparison",
    "figure-front": "Comparison",
    "gallery": "Gallery",
}


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
        "comparisons": (config.get("comparison") or {"studies": []})["studies"],
    }
    return Graph(config | {"active": active}).nodes()


def node(step):
    """From a job's wildcards to its node."""
    return lambda wildcards: Node(step, dict(wildcards))


def read(step, name):
    """The files that a job reads as the input `name`."""

    def files(wildcards):
        found = GRAPH.inputs(node(step)(wildcards)).get(name, [])
        return found if isinstance(found, str) else flat(found)

    return files


def reads(step):
    """The inputs of a rule, each a function of the wildcards."""
    declared = STEPS[step]
    outside = ["source"] if declared.reads_file or declared.reads_members else []
    names = [*declared.inputs, *outside]
    return {name: read(step, name) for name in names}


def writes(step):
    """The outputs of a rule; those for which `report/` holds a caption are in the report."""
    declared = STEPS[step]
    names = {axis: f"{{{axis}}}" for axis in declared.per}
    found = GRAPH.outputs(Node(step, names))
    for name, artifact in declared.outputs.items():
        shown = artifact.removesuffix("-svg")
        caption = Path(workflow.basedir) / "workflow" / "report" / f"{shown}.rst"
        if caption.exists():
            kind = "Figures" if declared.command == "figure" else "Tables"
            labels = {
                axis: names[axis] for axis in ("study", "variant") if axis in names
            }
            found[name] = report(
                found[name],
                caption=str(caption),
                category=CATEGORIES.get(step, kind),
                labels=labels | {"shows": shown.removeprefix("figure-")},
            )
    return found


def variants(step):
    """A rule's wildcard constraint: the variants of the catalogue that the step is for."""
    declared = STEPS[step]
    return (
        {
            "variant": "|".join(
                name for name in config["variants"] if GRAPH.takes(declared, name)
            )
            or "none"
        }
        if declared.kinds
        else {}
    )


def recipe_of(step, wildcards):
    """The recipe by which a job trains what it compresses; None if it does not."""
    compresses = step == "compress"
    return (
        config["variants"][wildcards.variant].get("fine_tune") if compresses else None
    )


def cores(step):
    """Cores of a job: the threads that compute and the processes that read ahead, as the study says."""

    def count(wildcards):
        part = recipe_of(step, wildcards)
        if STEPS[step].cores:
            part = config["studies"][wildcards.study][STEPS[step].cores]
        return part["threads"] + part["workers"] if part else 1

    return count


def gpus(step):
    """GPUs of a job: one where it leases one if there is one."""
    return lambda wildcards: int(STEPS[step].gpu or bool(recipe_of(step, wildcards)))
