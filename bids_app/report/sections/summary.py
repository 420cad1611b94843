"""The first page of a trial: its answers, who is in it, and what limits it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cached_property

from bids_app import plugs
from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import read_json, read_tsv
from bids_app.report.formats import effect_with_limits, format_p, says_p
from bids_app.report.messages import N_, _, ngettext
from bids_app.report.results import Analysis, GroupResults
from bids_app.report.sections.answers import AnswerRow, Card, Fact
from bids_app.report.sections.confirmatory import Confirmed
from bids_app.report.sections.contrast_section import MapSection
from bids_app.report.sections.outcomes import OutcomeSection
from bids_app.report.sections.sensors import first_look
from bids_app.vocabulary.sidecars import BlindingSidecar, HypothesisResult, MultiplicitySidecar

FEW = 20
"""Participants of the smallest arm below whom the size of a trial is named among its limits."""


COURSES = N_("Thin lines: participants; thick: mean of the arm with its 95 %% interval.")
COURSES_AND_CURVES = N_(
    "Thin lines: participants; thick: mean of the arm with its 95 %% interval. Beside or below: the share of each arm "
    "that improved by at least so much; dashed: 30 and 50 %%."
)


class TrialSummary:
    """What the first page holds.

    Parameters
    ----------
    results : GroupResults
    """

    def __init__(self, results: GroupResults) -> None:
        self._results = results

    @cached_property
    def _settings(self) -> Mapping[str, Mapping[str, object]]:
        path = self._results.root / "logs" / "settings.toml"
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    @cached_property
    def title(self) -> str:
        """Title of the trial, else the name of the dataset."""
        path = self._results.root / "dataset_description.json"
        name = str(read_json(path).get("Name", "")) if path.exists() else ""
        return str(self._settings.get("trial", {}).get("title", "")) or name or _("Results")

    @cached_property
    def registration(self) -> str:
        """Where the trial is registered: by the settings, else by the record of the treatment; or nothing."""
        return str(self._settings.get("trial", {}).get("registration", "")) or self._of_record("Registration")

    def _of_record(self, asks: str) -> str:
        """Return an answer of the CONSORT checklist; nothing where it is not reported."""
        path = self._results.folder / "desc-consort_checklist.tsv"
        table = read_tsv(path) if path.exists() else {"asks": [], "answer": []}
        answers = dict(zip(table["asks"], table["answer"], strict=True))
        return "" if answers.get(asks, "not reported") == "not reported" else answers[asks]

    @cached_property
    def harms(self) -> str:
        """What is on record of adverse events, or nothing."""
        return self._of_record("Harms of each arm")

    @cached_property
    def _hypotheses(self) -> list[HypothesisResult]:
        path = self._results.folder / "desc-trial_multiplicity.json"
        graphs = read_sidecar(path, MultiplicitySidecar).graphs if path.exists() else ()
        return [one for graph in graphs for one in graph.hypotheses]

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """The arms compared, the active one first."""
        return self._results.analyses[0].who.arms if self._results.analyses else ()

    @cached_property
    def cards(self) -> list[Card]:
        """The primary answer of the brain and of the clinic, where there are such."""
        first = [one.name for one in self._hypotheses if one.share > 0]
        brain = sorted(self._results.analyses, key=lambda one: one.measure not in first)[:1]
        clinic = [one for one in self._results.outcomes if one.about.role == "primary"][:1]
        return [*map(self._of_brain, brain), *map(self._of_outcome, clinic)]

    def _of_brain(self, one: Analysis) -> Card:
        decision = next((h for h in self._hypotheses if h.name == one.measure), None)
        shown = _shown(one)
        facts = [Fact(name=_where(seed, panel), said=_cluster_effect(seed, panel)) for seed, panel in shown[:SEVERAL]]
        facts += [
            Fact(name=_("participants"), said=_by_arm(one.who.arms, one.who.count)),
            *_decision(self._results.passed.get(one.measure), decision.p_robust if decision else None),
        ]
        best, panel = shown[0] if shown else (None, None)
        tables = [(table.name, table.contrasts[0]) for table in one.tables]
        look = first_look([(name, c.figures, c.scale) for name, c in tables if c.figures])
        if look:
            facts.insert(0, Fact(name=look.title, said=look.effect))
            return Card(
                kind=_("Brain"), title=measure_title(one.measure), page=one.page, verdict=one.verdict, facts=facts,
                panel=look.panel, panel_title=look.title, head=look.head, caption=look.caption,
            )  # fmt: skip
        return Card(
            kind=_("Brain"), title=measure_title(one.measure), page=one.page, verdict=one.verdict, facts=facts,
            panel=panel, panel_title=_where(best, panel) if best and panel else "",
            picture=best.glass if best else "", caption=_caption(best) if best else "",
        )  # fmt: skip

    def _of_outcome(self, one: OutcomeSection) -> Card:
        line, about = one.deciding, one.about
        counts = [str(one.means[i]["people"][-1]) for i in range(len(about.arms))]  # type: ignore[index]
        facts = [
            Fact(name=_("participants (seen at %(visit)s / randomised)", visit=about.endpoint),
                 said="; ".join(f"{arm} {count}" for arm, count in zip(about.arms, counts, strict=True))),
            *_decision(one.decision, None),
        ]  # fmt: skip
        if line:
            name = _("ratio of rates") if about.kind == "count" else _("adjusted difference")
            facts.insert(0, Fact(name=name, said=_effect_of(one)))
        return Card(
            kind=_("Clinical outcome"), title=about.title, page="group-outcomes.html", verdict=one.verdict,
            facts=facts, panel=one.panel, panel_title=f"{about.title} ({about.units})", curves=one.curves,
            caption=_(COURSES if one.curves is None else COURSES_AND_CURVES),
        )  # fmt: skip

    @cached_property
    def rows(self) -> list[AnswerRow]:
        """Every measure and outcome, those with a share of the error rate first."""
        found = [self._row_of_brain(one) for one in self._results.analyses]
        found += [self._row_of_outcome(one) for one in self._results.outcomes]
        order = {"primary": 0, "secondary": 1, "exploratory": 2}
        return sorted(found, key=lambda row: order[row.role])

    def _role(self, name: str) -> str:
        found = next((one for one in self._hypotheses if one.name == name), None)
        return "exploratory" if found is None else "primary" if found.share > 0 else "secondary"

    def _row_of_brain(self, one: Analysis) -> AnswerRow:
        decision = next((h for h in self._hypotheses if h.name == one.measure), None)
        best, shown = one.contrasts[0].seeds[0] if one.contrasts else None, _shown(one)
        effect = f"{_where(*shown[0])}: {_cluster_effect(*shown[0])}" if shown else ""
        tables = [table.contrasts[0] for table in one.tables]
        own = best.p if best else min((c.p for c in tables), default=None)
        if tables and (first := min(tables, key=lambda c: c.p)).passed:
            row = first.rows[0]
            limits = effect_with_limits(row.get("g"), row.get("g_lower"), row.get("g_upper"))
            effect = f"{row['place']}: g {limits}"
        return AnswerRow(
            title=measure_title(one.measure), page=one.page, sentence=one.verdict.sentence,
            role=self._role(one.measure), effect=effect,
            p=decision.p if decision else own, adjusted=decision.adjusted_p if decision else None,
            decision=_outcome_of(decision), passed=bool(decision and decision.passed),
            within=[_within(one, arm) for arm in (self.arms[:1] + self.arms[-1:] if len(self.arms) > 1 else ())],
        )  # fmt: skip

    def _row_of_outcome(self, one: OutcomeSection) -> AnswerRow:
        decision = one.decision
        return AnswerRow(
            title=one.about.title, page=f"group-outcomes.html#outcome-{one.name}",
            sentence=one.verdict.sentence, role=one.about.role,
            effect=_effect_of(one),
            p=one.about.p, adjusted=decision.adjusted if decision else None,
            decision=_("exploratory") if decision is None else _passing(passed=decision.passed),
            passed=bool(decision and decision.passed),
            within=[_change(one, arm) for arm in (self.arms[:1] + self.arms[-1:] if len(self.arms) > 1 else ())],
        )  # fmt: skip

    @cached_property
    def blinding(self) -> list[str]:
        """What the participants of each arm guessed, with Bang's index, where they were asked."""
        path = self._results.folder / "desc-treatment_blinding.json"
        if not path.exists():
            return []
        about, said = read_sidecar(path, BlindingSidecar), []
        for arm, one in about.bang.items():
            guesses = ", ".join(f"{n} {word}" for word, n in about.guesses[arm].items())
            index = effect_with_limits(one["value"], one["low"], one["high"], digits=2)
            said.append(_("%(arm)s: %(guesses)s; Bang index %(index)s", arm=arm, guesses=guesses, index=index))
        return said

    @cached_property
    def _at_limit(self) -> str:
        """A sentence where p values are as small as the number of permutations allows; else nothing."""
        abouts = [one.contrasts[0].about for one in self._results.analyses if one.contrasts]
        least = max((about.smallest_possible_p for about in abouts), default=0.0)
        if not any(row.p is not None and row.p <= least * (1 + 1e-9) for row in self.rows):
            return ""
        return _("With %(n)s permutations no p can be below %(p)s; some are at that limit.",
                 n=f"{abouts[0].relabellings:,}", p=format_p(least))  # fmt: skip

    @cached_property
    def limits(self) -> list[str]:
        """What the program knows that limits the study, each in a sentence."""
        found = dict.fromkeys(note for one in self._results.analyses for note in one.who.notes)
        people = [count for one in self._results.analyses for count in one.who.count]
        if people and min(people) < FEW:
            found[ngettext("The smallest arm has %(num)d participant.", "The smallest arm has %(num)d participants.",
                           min(people))] = None  # fmt: skip
        clinical_first = reversed(self.cards)
        remarks = dict.fromkeys(remark for card in clinical_first for remark in card.verdict.remarks)
        if at_limit := self._at_limit:
            found[at_limit] = None
        return [*remarks, *found]


SEVERAL = 3
"""Maps of the primary measure whose effects stand on its card."""


def _shown(one: Analysis) -> list[tuple[MapSection, Mapping[str, object]]]:
    """Return each map of the primary contrast that passes with its largest cluster, the largest of all first."""
    seeds = [seed for seed in one.contrasts[0].seeds if seed.passed and seed.panels] if one.contrasts else []
    found = [(seed, max(seed.panels, key=lambda panel: float(str(panel["mm3"])))) for seed in seeds]
    return sorted(found, key=lambda pair: -float(str(pair[1]["mm3"])))


def _cluster_effect(seed: MapSection, panel: Mapping[str, object]) -> str:
    """Return the mean effect of a cluster with its limits and units."""
    return effect_with_limits(
        panel["mean_effect"], panel["mean_effect_lower"], panel["mean_effect_upper"], seed.about.scale
    )


def measure_title(name: str) -> str:
    """Return what pages call a measure."""
    known = plugs.measure(name).title if name in plugs.names("measures") else ""
    return known or name.replace("_", " ").capitalize()


def _effect_of(one: OutcomeSection) -> str:
    """Return the effect that decides an outcome, with its limits; nothing where no arms are compared."""
    if (line := one.deciding) is None:
        return ""
    count = one.about.kind == "count"
    said = effect_with_limits(line["estimate"], line["low"], line["high"], "" if count else one.about.units)
    return _("ratio of rates %(said)s", said=said) if count else said


def _where(best: MapSection, panel: Mapping[str, object]) -> str:
    """Return where an effect lies: the map, and what is near the peak of the cluster."""
    place = panel["place"]
    if place:
        return _("%(map)s, near %(place)s", map=best.label, place=place)
    return _("%(map)s, largest cluster", map=best.label)


def _by_arm(arms: Sequence[str], counts: Sequence[int]) -> str:
    return f"{sum(counts)} ({', '.join(f'{n} {arm}' for arm, n in zip(arms, counts, strict=True))})"


def _decision(decision: Confirmed | None, robust: float | None) -> list[Fact]:
    """Return the p values that decide."""
    facts = [] if robust is None else [Fact(name=_("test of means alone (robust)"), said=says_p(robust))]
    if decision is None:
        return facts
    said = f"{says_p(decision.adjusted)}: {_passing(passed=decision.passed)}"
    return [Fact(name=_("adjusted over all confirmatory hypotheses"), said=said), *facts]


def _passing(*, passed: bool) -> str:
    return _("passes") if passed else _("does not pass")


def _outcome_of(decision: HypothesisResult | None) -> str:
    return _("exploratory") if decision is None else _passing(passed=bool(decision.passed))


def _caption(best: MapSection) -> str:
    least = ", ".join(f"{100 * share:.0f} %" for share in best.about.differs_at_least or ())
    return _(
        "%(seed)s: within white lines clusters that pass; of each at least %(least)s differs (95 %% confidence), and "
        "which part is not known. Effects are too large on average, because these clusters were chosen for passing. "
        "Thin lines: participants.",
        seed=best.label, least=least,
    )  # fmt: skip


def _within(one: Analysis, arm: str) -> float | None:
    """Return the smallest corrected p of the change within an arm, over the maps of a measure."""
    maps = [seed.p for c in one.contrasts if c.about.change and c.about.arm == arm for seed in c.seeds]
    tables = [c.about.p for t in one.tables for c in t.contrasts if c.about.change and c.about.arm == arm]
    return min([*maps, *tables], default=None)


def _change(one: OutcomeSection, arm: str) -> float | None:
    """Return the p of the mean change within an arm at the endpoint."""
    for line in one.within:
        if line["kind"] == "mean_change" and line["comparison"] == arm and line["visit"] == one.about.endpoint:
            p = float(str(line["p"]))
            return p if p == p else None
    return None
