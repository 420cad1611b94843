"""A declared diagram as boxes in layers and arrows between them, as coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

WIDE, HIGH, ACROSS, DOWN = 150.0, 38.0, 80.0, 44.0
"""Pixels of a box, and of the room between boxes."""

Link = Mapping[str, object]


def layers_of(nodes: Sequence[str], parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the layer of each node: one more than that of its last parent."""
    found: dict[str, int] = {}
    left = list(nodes)
    while left:
        ready = [name for name in left if all(one in found for one in parents.get(name, ()))]
        for name in ready:
            found[name] = 1 + max((found[one] for one in parents.get(name, ())), default=-1)
        left = [name for name in left if name not in ready]
    return found


def diagram(nodes: Sequence[str], links: Sequence[Link]) -> dict[str, object]:
    """Return boxes and arrows.

    Parameters
    ----------
    links : sequence of mapping
        `parent`, `child`, and what else a drawing needs of each.
    """
    parents: dict[str, list[str]] = {}
    for link in links:
        parents.setdefault(str(link["child"]), []).append(str(link["parent"]))
    layer = layers_of(nodes, parents)
    columns: dict[int, list[str]] = {}
    for name in nodes:
        columns.setdefault(layer[name], []).append(name)
    tallest = max(len(own) for own in columns.values())
    height = tallest * (HIGH + DOWN)
    at = {}
    for column, own in columns.items():
        start = (height - len(own) * (HIGH + DOWN)) / 2
        for row, name in enumerate(own):
            at[name] = (column * (WIDE + ACROSS), start + row * (HIGH + DOWN) + DOWN / 2)
    boxes = [{"name": name, "x": x, "y": y, "width": WIDE, "height": HIGH} for name, (x, y) in at.items()]
    return {
        "boxes": boxes, "arrows": [_arrow(link, at, layer) for link in links], "height": height,
        "width": (max(columns) + 1) * (WIDE + ACROSS) - ACROSS,
    }  # fmt: skip


def _arrow(link: Link, at: Mapping[str, tuple[float, float]], layer: Mapping[str, int]) -> dict[str, object]:
    """Return a curve from the right of one box to the left of another; those that skip a layer bend around it."""
    parent, child = str(link["parent"]), str(link["child"])
    x1, y1 = at[parent][0] + WIDE, at[parent][1] + HIGH / 2
    x2, y2 = at[child][0], at[child][1] + HIGH / 2
    skipped = layer[child] - layer[parent] - 1
    bend = -(HIGH / 2 + DOWN / 2 + 6.0) * np.sign(skipped)
    middle = (x1 + x2) / 2, (y1 + y2) / 2 + bend * 1.5 * (skipped > 0)
    near = ACROSS * 0.5
    path = (
        f"M{x1:.1f},{y1:.1f} C{x1 + near:.1f},{y1 + 2 * bend:.1f} {x2 - near:.1f},{y2 + 2 * bend:.1f} {x2:.1f},{y2:.1f}"
    )
    return {**link, "path": path, "label_x": f"{middle[0]:.1f}", "label_y": f"{middle[1] - 6:.1f}"}
