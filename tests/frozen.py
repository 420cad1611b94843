"""The numbers of every output as a list of hashes: two lists are compared after a change that must change none.

`python tests/frozen.py FOLDER > LIST` analyses the demonstration and tiny trials into FOLDER and lists every file:
names, the values of maps, numeric columns of tables and numbers of JSON files, and words (text columns, strings).
Hashes are of one machine: make both lists there, the first with the commit before the change, and compare by diff.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from synthetic import SEEDS, write_trial

DEQI = Path(sys.executable).with_name("deqi")
TINY = ["--seeds", *SEEDS, "--n-permutations", "200"]
DESIGNS = {
    "default": [],
    "three": ['designs.parallel_prepost.more_arms=["waiting"]'],
    "post_only": ["designs.post_only.session=post"],
    "followups": ['designs.parallel_followups.posts=["post"]'],
    "one_arm": ["designs.one_arm_prepost.pre=pre"],
    "general": ['designs.general.contrasts=["AGE = age"]', 'designs.general.covariates=["age"]'],
    "margin": ["inference.equivalence_margin=0.3 Fisher z", "inference.claim=tfce"],
    "wild": ["inference.scheme=wild"],
}
"""Settings of the group level, each for all measures of the tiny trial."""


def made(folder: Path) -> Iterator[Path]:
    """Yield the output folders of the demonstration and of tiny trials."""
    demo = folder / "demo"
    run("--demo", demo)
    words = ["--config", demo / "code" / "analysis.toml", "--plan", demo / "code" / "plan.json"]
    out = demo / "derivatives" / "deqi"
    for level in ("participant", "group"):
        run(demo, out, level, *(words if level == "group" else words[:2]))
    yield out
    trial = write_trial(folder / "tiny", per_arm=8)
    table = trial.root / "participants.tsv"
    head, *rows = (line.split("\t") for line in table.read_text().splitlines())
    arm = head.index("group")
    for row in rows[10:]:
        row[arm] = "waiting"
    table.write_text("\n".join("\t".join(row) for row in (head, *rows)) + "\n")
    out = folder / "participants"
    run(trial.root, out, "participant", *TINY)
    yield out
    for name, settings in DESIGNS.items():
        own = folder / name
        subprocess.run(["cp", "-r", out, own], check=True)
        run(trial.root, own, "group", *TINY, *(word for setting in settings for word in ("--set", setting)))
        yield own


def run(*words: object) -> None:
    ended = subprocess.run([DEQI, *map(str, words)], capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{ended.stderr[-3000:]}")


def listed(folder: Path) -> Iterator[str]:
    """Yield one line for each file, and for each of its parts that may change apart."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "logs" not in path.parts):
        name = path.relative_to(folder).as_posix()
        yield f"file {name}"
        if name.endswith(".nii.gz"):
            yield f"values {name} {hashed(gzip.decompress(path.read_bytes())[352:])}"
        elif name.endswith(".tsv"):
            yield from (f"{kind} {name} {column} {found}" for kind, column, found in columns(path))
        elif name.endswith(".json"):
            numbers, words = parts(json.loads(path.read_text()))
            yield f"numbers {name} {hashed(repr(numbers).encode())}"
            yield f"words {name} {hashed(repr(words).encode())}"


def columns(path: Path) -> Iterator[tuple[str, str, str]]:
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    for column in rows[0] if rows else ():
        cells = [row[column] for row in rows]
        kind = "column" if all(number(cell) for cell in cells) else "words"
        yield kind, column, hashed("\n".join(cells).encode())


def number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell == "n/a"
    return True


def parts(value: Any) -> tuple[list[Any], list[Any]]:
    """Return the numbers and the words of a JSON value, each with its place."""
    found: tuple[list[Any], list[Any]] = ([], [])

    def visit(place: str, one: Any) -> None:
        if isinstance(one, dict):
            for key, inner in one.items():
                visit(f"{place}.{key}", inner)
        elif isinstance(one, list):
            for i, inner in enumerate(one):
                visit(f"{place}[{i}]", inner)
        else:
            found[isinstance(one, str)].append((place, one))

    visit("", value)
    for part in found:
        part.sort(key=lambda item: item[0])  # the order of keys means nothing
    return found


def hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


if __name__ == "__main__":
    root = Path(sys.argv[1])
    for output in made(root):
        for line in listed(output):
            print(f"{output.relative_to(root)}: {line}")
