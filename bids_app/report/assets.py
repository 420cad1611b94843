"""What pages load only when a reader asks for it: volumes and the viewer, as classic scripts in `assets/`.

A page that is opened from a disk may load no module and fetch nothing, but it may add a script: each asset is one that
hands its content over. Names are digests, so that pages share what is the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from bids_app.derivatives.atomic import write_text

Keep = Callable[[str, str], str]
"""Takes a kind and a content, and returns under which name a page finds it."""


class Assets:
    """The assets of a dataset.

    Parameters
    ----------
    output_dir : Path
    self_contained : bool
        True keeps what is asked for in the page itself.
    """

    def __init__(self, output_dir: Path, *, self_contained: bool = False) -> None:
        self._folder = output_dir / "assets"
        self._inside = self_contained
        self._kept: dict[str, str] = {}

    def keep(self, kind: str, content: str) -> str:
        """Keep a content and return its name, `<kind>-<digest>`."""
        name = f"{kind}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
        if self._inside:
            self._kept[name] = content
            return name
        path = self._folder / f"{name}.js"
        if not path.exists():
            write_text(path, f"deqiAsset({json.dumps(name)}, {json.dumps(content)});\n")
        return name

    @property
    def inside(self) -> Mapping[str, str]:
        """What lies in the page itself, by name."""
        return self._kept
