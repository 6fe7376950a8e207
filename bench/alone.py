"""The nodes of a finished study in one process, without the start of each: the floor of what a run costs.

`python bench/alone.py training|alpha PART PARTS`, in the study's folder: runs one part of the nodes in turn, and prints
the seconds by the clock and of processor time, imports left out.
"""

import sys
import time
from collections.abc import Iterator
from importlib import import_module

from lesion.pipeline.graph import Graph, Node, flat
from lesion.pipeline.project import read_project
from lesion.pipeline.run import run

TRAINING = ("adversarial", "train", "compress", "predict", "robustness")


def training(graph: Graph) -> Iterator[Node]:
    """The nodes that train and evaluate networks."""
    return (node for node in graph.nodes() if node.step in TRAINING)


def alpha(graph: Graph) -> Iterator[Node]:
    """The nodes that run again for another level of significance: who reads it, and who reads what those make."""
    made: set[str] = set()
    for node in graph.nodes():
        read = {path for files in graph.inputs(node).values() for path in flat(files)}
        if read & made or any(key.startswith("audit.impact") for key in graph.keys(node).values()):
            made |= set(graph.outputs(node).values())
            yield node


def main() -> None:
    """Run the nodes; those of the audit once before, so that what they import late is not counted."""
    kind, part, parts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    graph, _ = read_project()
    nodes = list({"training": training, "alpha": alpha}[kind](graph))[part::parts]
    for name in {name for node in nodes for name in (node.declared.module, *node.declared.modules)}:
        import_module(name)
    for _ in range(2 if kind == "alpha" else 1):
        wall, processor = time.perf_counter(), time.process_time()
        for node in nodes:
            run(node.step, node.names, graph.data)
    print(time.perf_counter() - wall, time.process_time() - processor)


if __name__ == "__main__":
    main()
