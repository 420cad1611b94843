"""Studies as other tools read them: NIMADS (NiMARE, Neurosynth Compose) and Sleuth text (GingerALE)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.files import write_json
from bids_app.derivatives.meta import FOLDER
from bids_app.vocabulary.entities import join
from bids_app.vocabulary.studies import ContrastWord, ReportedPeaks, Studies


def write_exports(output_dir: Path, studies: Studies) -> list[Path]:
    """Write all foci as one NIMADS studyset, and as one Sleuth file for each contrast; return the files."""
    if not studies.peaks:
        return []
    whole = output_dir / FOLDER / "study-all_foci.nimads.json"
    write_json(whole, nimads(studies))
    files = [whole]
    for word in dict.fromkeys(one.contrast for one in studies.peaks):
        path = output_dir / FOLDER / join({"study": "all", "contrast": word.label}, "foci", ".sleuth.txt")
        write_text(path, sleuth(studies.peaks, word))
        files.append(path)
    return files


def nimads(studies: Studies) -> dict[str, object]:
    """Return a studyset: studies with their contrasts as analyses, all foci in MNI space."""
    by_study: dict[str, list[ReportedPeaks]] = {}
    for one in studies.peaks:
        by_study.setdefault(one.study, []).append(one)
    return {
        "id": "deqi", "name": "studies of a synthesis by deqi",
        "studies": [
            {
                "id": name, "name": name, "authors": "", "publication": "",
                "metadata": {key: value for key, value in studies.studies[name].facts.items() if value},
                "analyses": [_analysis(name, one) for one in own],
            }
            for name, own in by_study.items()
        ],
    }  # fmt: skip


def _analysis(study: str, one: ReportedPeaks) -> dict[str, object]:
    label = f"{study}-{one.contrast.word}{'-Tal' if one.moved else ''}"
    sizes = [int(one.people)] if np.isfinite(one.people) else []
    return {
        "id": label, "name": one.contrast.word, "conditions": [{"name": "default", "description": ""}],
        "weights": [1.0], "images": [], "metadata": {"contrast": one.contrast.word, "sample_sizes": sizes},
        "points": [{"space": "MNI", "coordinates": [float(value) for value in focus]} for focus in one.foci],
    }  # fmt: skip


def sleuth(peaks: Iterable[ReportedPeaks], word: ContrastWord) -> str:
    """Return the Sleuth text of one contrast."""
    parts = ["// Reference=MNI"]
    for one in peaks:
        if one.contrast == word:
            size = [f"// Subjects={one.people:g}"] if np.isfinite(one.people) else []
            foci = ["\t".join(f"{value:.2f}" for value in focus) for focus in one.foci]
            parts.append("\n".join([f"// {one.study.replace(':', ',')}: {word.word}", *size, *foci]))
    return parts[0] + "\n" + "\n\n".join(parts[1:]) + "\n"
