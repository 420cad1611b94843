"""What makes the output folder a BIDS-Derivatives dataset: description, ignore list, citation, settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from bids_app import __version__
from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.files import write_json, write_table

DEMONSTRATION = "deqi demonstration"
"""`GeneratedBy` of the demonstration dataset; whatever is computed from it carries the notice."""

SYNTHETIC_NOTICE = "SYNTHETIC DATA: no person was scanned, nobody was treated"

IGNORED = (
    "*.html", "assets", "figures", "group", "meta", "pathways", "*_statmap.*", "*_timeseries.*", "*_relmat.*",
    "*_design.*", "*_outliers.*", "*_qc.*", "*_kinpar.*", "*_tacs.*", "**/pet/*_mask.*", "*_segment-*",
)  # fmt: skip
"""Names that BIDS 1.11 has no rule for yet. A trailing slash would not work (bids-validator 3.0.2)."""

DESCRIPTIONS = {
    "denoised": "Cleaned by one projection: drifts, stop band, confounds and censored frames leave together.",
    "fc": "Quality of the functional connectivity analysis.",
    "brain": "Voxels of the brain mask whose series are finite and vary.",
}


def describe_dataset(
    output_dir: Path,
    sources: Mapping[str, Path],
    generated_by: list[Mapping[str, object]],
    notice: str = "",
    title: str = "",
) -> None:
    """Write dataset_description.json, .bidsignore, README.md and descriptions.tsv.

    Parameters
    ----------
    sources : mapping
        Name of each source dataset and its folder; sidecars refer to them as `bids:<name>:...`.
    generated_by : list
        `GeneratedBy` entries of the sources, kept behind ours.
    notice : str
        A warning that must travel with the results, such as "synthetic data".
    title : str
        Name of the raw dataset.
    """
    ours: dict[str, object] = {"Name": "deqi", "Version": __version__}
    if tag := os.environ.get("DEQI_CONTAINER_TAG"):
        ours["Container"] = {"Type": os.environ.get("DEQI_CONTAINER_TYPE", "docker"), "Tag": tag}
    write_json(
        output_dir / "dataset_description.json",
        {
            "Name": (f"{title}, results of deqi" if title else "Results of deqi")
            + (f" ({notice})" if notice and notice not in title else ""),
            "BIDSVersion": "1.11.1",
            "DatasetType": "derivative",
            "GeneratedBy": [ours, *generated_by],
            "HowToAcknowledge": "Cite the software and methods listed in logs/CITATION.md.",
            "SourceDatasets": [{"URL": _link(output_dir, path)} for path in sources.values()],
            "DatasetLinks": {name: _link(output_dir, path) for name, path in sources.items()},
        },
    )
    write_text(output_dir / ".bidsignore", "\n".join(IGNORED) + "\n")
    columns = {"desc_id": [f"desc-{name}" for name in DESCRIPTIONS], "description": list(DESCRIPTIONS.values())}
    write_table(output_dir / "descriptions.tsv", columns)
    said = {"desc_id": "Value of the desc entity in file names.", "description": "What it stands for."}
    write_json(output_dir / "descriptions.json", {name: {"Description": text} for name, text in said.items()})
    readme = (files("bids_app") / "derivatives" / "output_readme.md").read_text(encoding="utf-8")
    write_text(output_dir / "README.md", readme.replace("{notice}", f"**{notice}**\n\n" if notice else ""))


def _link(output_dir: Path, source: Path) -> str:
    """Return where a source lies, relative to the output where both share more than the root folder."""
    relative = os.path.relpath(source.resolve(), output_dir.resolve())
    return relative if relative.count("..") <= 3 else source.resolve().as_uri()
