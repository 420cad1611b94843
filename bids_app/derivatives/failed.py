"""Records of failed work. Standard library alone, so that the status of thousands is told at once."""

from __future__ import annotations

import json
from pathlib import Path


def failure_path(output_dir: Path, label: str) -> Path:
    """Return the record of a failed job, or of a participant (`sub-01`) whose process came to no end."""
    return output_dir / "logs" / "failed" / f"{label}.json"


def read_failures(output_dir: Path) -> dict[str, str]:
    """Return the message of each failure that nothing has mended since, by label."""
    found = {}
    for path in sorted((output_dir / "logs" / "failed").glob("*.json")):
        try:
            found[path.stem] = str(json.loads(path.read_text(encoding="utf-8")).get("Message", ""))
        except (OSError, ValueError, AttributeError):
            found[path.stem] = "its record cannot be read"
    return found
