"""The pages of what is on disk, after a call has done its work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bids_app import report, settings
from bids_app.dataset.layout import participants_in
from bids_app.dataset.settings_toml import read_file
from bids_app.execute.progress import say
from bids_app.execute.subprocess_call import is_child
from bids_app.vocabulary.options.execution import Execution

MANY = 200
"""People in the output whom a call for some of them alone does not look through again for the overview."""


def write_pages(execution: Execution, people: Sequence[str]) -> Path | None:
    """Write the pages of what a call has made and return the one to open first, if it was written."""
    output_dir, again = execution.output_dir, execution.reports_only
    if again:
        _methods_again(output_dir)
    # With several participants each child has written the page of its own.
    if len(people) == 1 or again:
        report.write_participants(output_dir, people, self_contained=execution.self_contained)
    if is_child():
        return None
    if execution.level == "meta":
        return report.write_meta(output_dir, self_contained=execution.self_contained)
    if execution.level == "group" or again:
        report.write_group(output_dir, self_contained=execution.self_contained)
    elif execution.participants and len(participants_in(output_dir)) > MANY:
        say("The overview (index.html) is left to the group level, or --reports-only: this call was for some people.")
        return None
    return report.write_index(output_dir)


def _methods_again(output_dir: Path) -> None:
    """Write the methods text from the settings that the run left beside its results."""
    path = output_dir / "logs" / "settings.toml"
    if path.exists():
        made = settings.resolve(read_file(path))
        report.write_citation(output_dir, settings.describe_settings(made), made.mark())
