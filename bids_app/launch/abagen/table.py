"""Make a table of regions x genes from the microarrays of six donors, with abagen's defaults; run by its own Python.

Words: ATLAS.nii.gz REGIONS.csv AHBA_DIR TABLE.tsv PROVENANCE.json. abagen fetches what it does not find: any connection
is refused, so that it fails instead.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import NoReturn

RECIPE = {
    "ibf_threshold": 0.5, "probe_selection": "diff_stability", "donor_probes": "aggregate", "lr_mirror": None,
    "missing": None, "tolerance": 2, "sample_norm": "srs", "gene_norm": "srs", "norm_matched": True,
    "norm_structures": False, "region_agg": "donors", "agg_metric": "mean", "corrected_mni": True, "reannotated": True,
}  # fmt: skip
"""abagen's defaults, spelt out, so that the provenance tells all of them."""


def refuse(*_: object, **__: object) -> NoReturn:
    """Stand for a connection that must not be made."""
    raise OSError("abagen asked for the network: a file of the Allen atlas is missing or cannot be read")


def main(atlas: str, regions: str, folder: str, table: str, provenance: str) -> None:
    """Write the table and its provenance."""
    socket.socket.connect = refuse  # type: ignore[method-assign]
    socket.create_connection = refuse
    import abagen
    import pandas as pd

    info = pd.read_csv(regions)
    found = abagen.get_expression_data(
        atlas, atlas_info=regions, data_dir=folder, donors="all", verbose=0, n_proc=1, **RECIPE
    )
    named = found.set_axis(info.set_index("id")["name"].reindex(found.index), axis="index").rename_axis("region")
    named.to_csv(table, sep="\t", na_rep="n/a", float_format="%.7g")
    about = {
        "Description": "Expression by region from the Allen Human Brain Atlas (six donors), made by abagen.",
        "Donors": 6, "Software": {"Name": "abagen", "Version": abagen.__version__},
        "Recipe": RECIPE, "License": "Allen Institute terms: non-commercial use with citation",
    }  # fmt: skip
    with open(provenance, "w", encoding="utf-8") as stream:  # noqa: PTH123  (as plain as can be)
        json.dump(about, stream, indent=2)


if __name__ == "__main__":
    main(*sys.argv[1:])
