"""Files about the people of a trial outside the scanner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bids_app.derivatives.files import write_json, write_table
from bids_app.derivatives.paths import group_path
from bids_app.statistics.clinical.outcome_data import OutcomeData
from bids_app.statistics.table_one import Characteristic
from bids_app.vocabulary.design import Lost
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.sidecars import BlindingSidecar, OutcomeSidecar

Rows = Sequence[Mapping[str, object]]

LINES = {
    "analysis": "Which analysis it is.",
    "kind": "Kind of analysis.",
    "subject": "What it is of: a share of improvement in percent, a moderator.",
    "visit": "When.",
    "comparison": "Arms compared, or the arm described.",
    "people": "People of each arm.",
    "weight": "decides: the result; beside: other models; literature: what papers print; descriptive; exploratory.",
    "quantity": "What the estimate is, with its units.",
    "estimate": "Active less control arm, or ratio of them.",
    "low": "Lower 95 % limit.",
    "high": "Upper 95 % limit.",
    "sd": "Standard deviation, of a mean.",
    "statistic": "What `value` is.",
    "value": "Value of the statistic.",
    "df": "Its degrees of freedom.",
    "p": "Two-sided p of the model.",
    "p_rerandomised": "Two-sided p of re-randomisation within strata; of moderators, of residuals exchanged.",
    "p_exact": "Two-sided p of an exact distribution.",
    "p_holm": "The p that decides, corrected over the outcomes of the same declared role.",
    "remark": "What belongs to it.",
}
"""Columns of tables of outcomes."""


class TrialWriter:
    """Writes tables and remembers the files."""

    def __init__(self, output_dir: Path) -> None:
        self._root = output_dir
        self.files: list[Path] = []

    def _path(self, suffix: str, extension: str, **entities: str) -> Path:
        path = group_path(self._root, entities, suffix, extension)
        self.files.append(path)
        return path

    def people(
        self, rows: Sequence[Mapping[str, str]], lost: Sequence[Lost], arms: Sequence[str], notes: Sequence[str]
    ) -> None:
        """Write who was randomised and who is left out, with the reason."""
        found = [(f"sub-{loss.participant}", loss.arm, loss.reason) for loss in lost]
        found += [(row["participant_id"], row["arm"], "") for row in rows]
        columns = dict(zip(("participant_id", "arm", "left_out"), map(list, zip(*found, strict=True)), strict=True))
        write_table(self._path("people", ".tsv", desc="trial"), columns)
        write_json(self._path("people", ".json", desc="trial"), {"Arms": list(arms), "Notes": list(notes)})

    def outcome(self, scores: OutcomeData, results: Rows, about: OutcomeSidecar, rows: Rows) -> None:
        """Write every result of an outcome, its sidecar, and the values of each person."""
        name, corrected = scores.outcome.name, scores.outcome.role != "exploratory"
        told = [
            {**one, "p_holm": about.deciding_p if corrected and one["weight"] == "decides" else None} for one in results
        ]
        columns = {key: [line[key] for line in told] for key in LINES}
        write_table(self._path("outcome", ".tsv", meas=name), columns)
        write_json(self._path("outcome", ".json", meas=name), {**about.to_json(), "TableColumns": LINES})
        values: dict[str, list[object]] = {key: [row[key] for row in rows] for key in ("participant_id", "arm")}
        values |= {visit: list(scores.values[:, i]) for i, visit in enumerate(scores.outcome.visits)}
        write_table(self._path("values", ".tsv", meas=name), values)

    def exposure(self, rows: Sequence[tuple[str, Characteristic]], arms: Sequence[str]) -> None:
        """Write dose, deqi and expectation by arm, if any of it is known."""
        if not rows:
            return
        columns: dict[str, list[object]] = {
            "when": [when for when, _ in rows],
            "characteristic": [row.name for _, row in rows],
            "level": [row.level or None for _, row in rows],
        }
        for i, arm in enumerate(arms):
            columns[f"{arm}_mean_or_count"] = [row.cells[i][0] for _, row in rows]
            columns[f"{arm}_sd_or_percent"] = [row.cells[i][1] for _, row in rows]
        columns["standardised_difference"] = [row.difference for _, row in rows]
        columns["missing"] = [row.missing for _, row in rows]
        write_table(self._path("characteristics", ".tsv", desc="treatment"), columns)

    def points(self, rows: Rows) -> None:
        """Write which points were needled, in how many people of each arm."""
        if rows:
            write_table(self._path("points", ".tsv", desc="treatment"), _columns(rows))

    def blinding(self, about: BlindingSidecar | None) -> None:
        """Write what people guessed, and the indices of blinding."""
        if about:
            write_json(self._path("blinding", ".json", desc="treatment"), about.to_json())

    def checklist(self, name: str, rows: Rows, about: Mapping[str, object]) -> None:
        """Write a reporting checklist as far as it is known."""
        write_table(self._path("checklist", ".tsv", desc=as_label(name)), _columns(rows))
        write_json(self._path("checklist", ".json", desc=as_label(name)), about)


def _columns(rows: Rows) -> dict[str, list[object]]:
    return {key: [row[key] for row in rows] for key in rows[0]}
