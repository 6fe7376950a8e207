from itertools import combinations

import numpy as np
from matplotlib.figure import Figure

from lesion.views.figures.labels import place_labels


def test_no_two_labels_overlap_where_there_is_room() -> None:
    rng = np.random.default_rng(5)
    drawing = Figure(figsize=(8, 6), layout="constrained")
    axes = drawing.subplots()
    points = [(float(x), float(y)) for x, y in rng.uniform(0.1, 0.9, (12, 2))]
    axes.plot(*zip(*points, strict=True), "o", linestyle="none")
    points[1] = (points[0][0] + 0.004, points[0][1])  # nearly the same place
    labels = place_labels(axes, points, [f"variant-{i}" for i in range(12)], ["black"] * 12)
    drawing.draw_without_rendering()
    boxes = [label.get_window_extent() for label in labels]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    frame = axes.get_window_extent()
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1 for box in boxes)


def test_labels_keep_off_lines() -> None:
    drawing = Figure(figsize=(6, 4), layout="constrained")
    axes = drawing.subplots()
    axes.plot([0, 1, 2], [0, 1, 2])
    (label,) = place_labels(axes, [(1.0, 1.0)], ["middle"], ["black"])
    box = label.get_window_extent()
    path = axes.transData.transform([(t, t) for t in np.linspace(0, 2, 400)])
    assert not any(box.contains(x, y) for x, y in path)
