"""What other platforms launch deqi with: repositories and configurations, written whole."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from bids_app import __version__
from bids_app.derivatives.atomic import write_text
from bids_app.errors import OutputError, UsageError, suggest
from bids_app.launch.descriptor import descriptor

PLATFORMS = ("babs", "brainlife", "nipoppy")
EXECUTABLE = ("main",)


def write_app(platform: str, folder: Path) -> None:
    """Write what a platform needs into an empty or absent folder.

    Raises
    ------
    UsageError, OutputError
        If the platform is not known, or the folder holds something.
    """
    if platform not in PLATFORMS:
        raise UsageError(f"--export-app {platform}: {suggest(platform, PLATFORMS)}")
    if folder.exists() and any(folder.iterdir()):
        raise OutputError(f"{folder} is not empty; nothing was written. Name another folder.")
    for source in (files("bids_app.launch") / platform).iterdir():
        text = source.read_text(encoding="utf-8")
        for mark, version in (("@VERSION@", __version__), ("@DASHED@", __version__.replace(".", "-"))):
            text = text.replace(mark, version)  # names of DataLad's containers take no dots
        write_text(folder / source.name, text)
        if source.name in EXECUTABLE:
            (folder / source.name).chmod(0o755)
    if platform == "nipoppy":
        write_text(folder / "descriptor.json", descriptor())
