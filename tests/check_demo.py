"""Say whether the demonstration found what was planted, and nothing else: run by `make demo`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

PLANTED = np.array([8.0, 16.0, 36.0])


def rows(group: Path, seed: str, contrast: str) -> list[dict[str, str]]:
    (path,) = group.glob(f"*_seed-{seed}_contrast-{contrast}_clusters.tsv")
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def passed(group: Path, seed: str, contrast: str) -> list[dict[str, str]]:
    return [row for row in rows(group, seed, contrast) if float(row["p_mass_fwe_joint"]) <= 0.05]


def molecules(group: Path) -> None:
    """Genes and their set were made dense where the effect is planted; the decoy's map has none of it."""

    def told(seed: str, label: str) -> list[dict[str, str]]:
        (path,) = group.glob(f"*_seed-{seed}_contrast-verumVsShamAdjusted_desc-{label}_association.tsv")
        with path.open(encoding="utf-8") as stream:
            return list(csv.DictReader(stream, delimiter="\t"))

    def explained(seed: str) -> float:
        return next(float(row["p"]) for row in told(seed, "geneExpressionComponents") if row["null"] == "trial")

    assert explained("thalamusR") <= 0.05, "the planted genes were not found"
    assert explained("PCC") > 0.05, "genes go with the map of the decoy"
    sets = {row["set"]: float(row["q"]) for row in told("thalamusR", "geneSets")}
    assert sets["made-up set, planted"] <= 0.05, "the planted set was not found"


def main(output_dir: Path) -> None:
    group = output_dir / "group"
    found = passed(group, "thalamusR", "verumVsShamAdjusted")
    assert found, "the planted effect was not found"
    peak = np.array([float(found[0][axis]) for axis in "xyz"])
    assert np.linalg.norm(peak - PLANTED) <= 15, f"the effect was found at {peak}, planted at {PLANTED}"
    assert all(row["sign"] == "positive" for row in found)
    assert not passed(group, "PCC", "verumVsShamAdjusted"), "the decoy passes between the arms"
    assert passed(group, "PCC", "pooledChange"), "the decoy is not there: it would prove nothing"
    molecules(group)
    print(
        f"The planted effect was found at {peak.astype(int)} mm; the decoy common to both arms was not called verum's."
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
