"""Which measures `all` means."""

from bids_app.settings import resolve


def test_all_measures_are_those_that_need_no_file():
    """`all` does not end a call for want of a file that no one has spoken of; with the file it is meant too."""
    alone = resolve({"dataset": {"measures": ["all"]}})
    assert "network_maps" not in alone.measures
    assert {"graph", "dynamic", "centrality"} <= set(alone.measures)
    named = resolve({"dataset": {"measures": ["all"]}, "measures": {"network_maps": {"maps": "networks.nii.gz"}}})
    assert "network_maps" in named.measures
