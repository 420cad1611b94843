"""Where compiled templates are kept: of the user, else with the kernels of this call, else nowhere."""

from __future__ import annotations

import pytest

from bids_app.report import html


@pytest.mark.parametrize(
    ("home", "kernels", "place"), [(True, True, "home"), (False, True, "kernels"), (False, False, "")]
)
def test_templates_are_kept_where_there_is_room(tmp_path, monkeypatch, home, kernels, place):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home") if home else "/proc/nowhere")
    if kernels:
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    found = html._compiled()
    assert (found is None) == (not place)
    assert found is None or found.directory.startswith(str(tmp_path / place))
