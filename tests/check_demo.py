"""Say whether the demonstration found what was planted, and nothing else: run by `make demo`."""

from __future__ import annotations

import csv
import json
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
    """Genes and their set were made dense where the effect is planted; the decoy's map has none of it.

    One smooth blob beside one other is beyond what chance does with the arms, and not beyond any map as smooth: nothing
    may be claimed of it.
    """

    def told(seed: str, label: str) -> list[dict[str, str]]:
        (path,) = group.glob(f"*_seed-{seed}_contrast-verumVsShamAdjusted_desc-{label}_association.tsv")
        with path.open(encoding="utf-8") as stream:
            return list(csv.DictReader(stream, delimiter="\t"))

    def explained(seed: str, column: str) -> float:
        return next(float(row[column]) for row in told(seed, "geneExpressionComponents") if row["component"] == "1")

    assert explained("thalamusR", "p_arms") <= 0.05, "the planted genes do not go with the map that they were put into"
    assert explained("PCC", "p_arms") > 0.05, "genes go with the map of the decoy"
    first = min(told("thalamusR", "geneSets"), key=lambda row: float(row["p_arms"]))
    assert first["set"] == "made-up set, planted", "the planted set is not the first"
    assert float(first["p_arms"]) <= 0.05 < float(first["p_surrogate"])
    page = (group.parent / "group-associations.html").read_text(encoding="utf-8")
    assert "Nothing is claimed of thalamusR" in page, "genes are claimed of a map that is smoother than chance"


def physiology(group: Path) -> None:
    """The heart was made more variable in verum alone; breathing slowed down in both arms alike."""

    def told(name: str) -> dict[str, object]:
        found: dict[str, object] = json.loads((group / f"meas-{name}_outcome.json").read_text(encoding="utf-8"))
        return found

    def estimate(name: str, kind: str) -> list[float]:
        with (group / f"meas-{name}_outcome.tsv").open(encoding="utf-8") as stream:
            return [float(row["estimate"]) for row in csv.DictReader(stream, delimiter="\t") if row["kind"] == kind]

    assert float(str(told("heart")["P"])) <= 0.05, "the planted rise of heart rate variability was not found"
    assert float(str(told("breathing")["P"])) > 0.05, "breathing, the decoy common to both arms, is called verum's"
    assert all(change < -1 for change in estimate("breathing", "mean_change")), "the decoy is not there"


def receptors(group: Path) -> None:
    """Binding in the thalamus was made to fall in verum alone; in the insula it rose in both arms alike."""

    def told(contrast: str) -> dict[str, tuple[float, float]]:
        (path,) = (group / "pet").glob(f"*_meas-bpnd_contrast-{contrast}_regions.tsv")
        with path.open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
        return {row["region"]: (float(row["effect"]), float(row["p_fwe"])) for row in rows}

    between, both = told("verumVsShamAdjusted"), told("pooledChange")
    effect, p = between["thalamus"]
    assert effect < 0, "the planted fall of binding was not found: it rises"
    assert p <= 0.05, "the planted fall of binding was not found"
    assert min(p for region, (_, p) in between.items() if region != "thalamus") > 0.05, "binding differs elsewhere"
    assert both["insula"][1] <= 0.05, "the rise of binding in both arms, the decoy, is not there"


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
    physiology(group)
    receptors(group)
    print(
        f"The planted effect was found at {peak.astype(int)} mm; the decoy common to both arms was not called verum's."
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
