import numpy as np

from lesion.audit.comparison.attributes import intersections


def test_attributes_are_taken_alone_and_together() -> None:
    groups = {"age": np.array(["old", "young"]), "hand": np.array(["left", "right"]), "unused": np.array(["a", "b"])}
    found = intersections(groups, [["hand"], ["hand", "age"]])
    assert {name: values.tolist() for name, values in found.items()} == {
        "hand": ["left", "right"],
        "hand & age": ["left, old", "right, young"],
    }
