"""Public functions of arrays say what shape they have."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import bids_app

PACKAGE = Path(bids_app.__file__).parent
FOLDERS = ("signals", "statistics", "measures", "api")
SHAPE = re.compile(r"\((?:[\w .*+^-]+,)+[\w .*+^-]*\)|\(\.\.\.\)|of shape \(")
"""A tuple of dimensions: (n,), (voxels,), (n, voxels), (x, y, z)."""


def trees():
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def aliases() -> set[str]:
    """Return the names that stand for arrays anywhere in the package."""
    found = {"NDArray", "ndarray", "ArrayLike"}
    for _ in range(2):  # of aliases, too
        for _, tree in trees():
            for node in tree.body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    text = ast.unparse(node.value)
                    if re.match(rf"^(?:np\.)?(?:{'|'.join(found)})\b", text):
                        found.add(node.targets[0].id)
    return found


def test_every_public_function_of_arrays_gives_shapes():
    arrays = re.compile(rf"\b(?:{'|'.join(sorted(aliases()))})\b")
    asked, silent = 0, []
    for path, tree in trees():
        if path.relative_to(PACKAGE).parts[0] not in FOLDERS:
            continue
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            arguments = [*node.args.args, *node.args.kwonlyargs]
            types = [a.annotation for a in arguments if a.annotation] + ([node.returns] if node.returns else [])
            if any(arrays.search(ast.unparse(one)) for one in types):
                asked += 1
                if not SHAPE.search(ast.get_docstring(node) or ""):
                    silent.append(f"{path.relative_to(PACKAGE)}: {node.name}")
    assert asked > 150
    assert silent == []
