"""Records of failed work. Standard library alone, so that the status of thousands is told at once."""

from __future__ import annotations

import json
from pathlib import Path


def failure_path(output_dir: Path, label: str) -> Path:
    """Return the record of a failed job, or of a participant (`sub-01`) whose process came to no end."""
    return output_dir / "logs" / "failed" / f"{label}.json"


def read_failure(path: Path) -> dict[str, object]:
    """Return what a record says; one that is damaged says just that."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        content = None
    return content if isinstance(content, dict) else {"Message": "its record cannot be read"}


def read_failures(output_dir: Path) -> dict[str, str]:
    """Return the message of each failure that no later run has resolved, by label."""
    found = sorted((output_dir / "logs" / "failed").glob("*.json"))
    return {path.stem: str(read_failure(path).get("Message", "")) for path in found}
