"""Which design a dataset probably has: by words and dates, never by the alphabet; what is not sure is a question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bids_app.statistics.covariate_coding import is_missing
from bids_app.trial.allocation_secrecy import (
    ACTIVE,
    CONTROL,
    GUESSED,
    NEVER,
    OTHER,
    is_called_arm,
    is_control,
    is_treatment,
    treats,
    words_of,
)

Rows = Mapping[str, Mapping[str, str]]
Described = Mapping[str, Mapping[str, object]]

BEFORE = ("pre", "baseline", "base", "bl", "before", "screening", "enrolment", "enrollment")
AFTER = ("post", "after", "end", "endpoint", "posttreatment")
LATER = ("followup", "follow", "fu", "later")
"""Words of sessions before treatment, after it, and later."""

ORDERS = ("sequence", "order", "treatmentorder", "seq")
"""Words of columns that hold the order of treatments of a crossover."""

MOST_ARMS = 5
BY_TREATMENT = "Sessions are called after treatments: a crossover."


@dataclass(frozen=True)
class Guess:
    """A design with the options that a dataset tells, and what should be asked of its owner.

    Attributes
    ----------
    options : mapping
        Values that go into the settings.
    questions : mapping of str
        By option: what is not sure about its value.
    notes : tuple of str
        What was seen.
    """

    design: str
    options: Mapping[str, object] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def guess_design(rows: Rows, sessions: Sequence[str], described: Described) -> Guess:
    """Return the design of a dataset.

    Parameters
    ----------
    rows : mapping
        Of participants, by label; with `acq_time_SESSION` where dates are known.
    sessions : sequence of str
        Labels of all sessions with images; none where there are no sessions.
    described : mapping
        What JSON files say of columns.
    """
    if crossover := _crossover(rows, sessions):
        return crossover
    arms = _arms(rows, described)
    order, asked = in_time(sessions, rows)
    column = arms.options.get("column")
    if column is None:
        return _one_group(order, asked, arms.notes)
    if len(order) >= 3:
        values = {"pre": order[0], "posts": tuple(order[1:])}
        question = {"posts": asked} if asked else {}
        return Guess("parallel_followups", {**arms.options, **values}, {**arms.questions, **question}, arms.notes)
    if len(order) == 2:
        question = {"pre": asked} if asked else {}
        values = {"pre": order[0], "post": order[1]}
        return Guess("parallel_prepost", {**arms.options, **values}, {**arms.questions, **question}, arms.notes)
    session = order[0] if order else ""
    return Guess("post_only", {**arms.options, "session": session}, arms.questions, arms.notes)


def _one_group(order: Sequence[str], asked: str, notes: tuple[str, ...]) -> Guess:
    if len(order) < 2:
        return Guess("one_arm", {"session": order[0] if order else ""}, {}, notes)
    said = asked or ("which two sessions are compared?" if len(order) > 2 else "")
    values = {"pre": order[0], "post": order[-1]}
    return Guess("one_arm_prepost", values, {"pre": said} if said else {}, notes)


def _levels(rows: Rows, column: str) -> list[str]:
    cells = (row.get(column, "n/a").strip() for row in rows.values())
    return list(dict.fromkeys(cell for cell in cells if not is_missing(cell)))


def _meaning(column: str, level: str, described: Described) -> str:
    """Return a level with what its description says it stands for."""
    said = described.get(column, {}).get("Levels")
    return f"{level} {said[level]}" if isinstance(said, Mapping) and level in said else level


def _arms(rows: Rows, described: Described) -> Guess:
    """Return column and arms: columns with words of treatments first, then those that are called arms; never sex."""
    scores = {}
    for column in next(iter(rows.values()), {}):
        levels = _levels(rows, column)
        if column == "participant_id" or not 2 <= len(levels) <= min(MOST_ARMS, max(len(rows) // 2, 2)):
            continue
        texts = [_meaning(column, level, described) for level in levels]
        named = sum(treats(text) or bool(words_of(text) & {*OTHER}) for text in texts) * any(map(treats, texts))
        called = is_called_arm(column)
        if words_of(column) & {*GUESSED}:
            continue
        if (named or called) and not (words_of(column) & {*NEVER} and not named):
            scores[column] = 2 * named / len(levels) + called
    if not scores:
        columns = ", ".join(next(iter(rows.values()), {})) or "none"
        return Guess("", notes=(f"No column of participants.tsv looks like arms; it has {columns}.",))
    column = max(scores, key=lambda name: scores[name])
    levels = _levels(rows, column)
    counts = {level: sum(row.get(column, "").strip() == level for row in rows.values()) for level in levels}
    meant = {level: _meaning(column, level, described) for level in levels}
    control = _control(meant)
    active = _active({level: text for level, text in meant.items() if level != control})
    values: dict[str, object] = {"column": column, "active": active, "control": control}
    if more := tuple(level for level in levels if level not in (active, control)):
        values["more_arms"] = more
    sure = is_control(meant[control]) and bool(words_of(meant[active]) & {*ACTIVE})
    asked = {} if sure else {"active": f"which of {', '.join(levels)} is the real treatment? The words do not tell."}
    said = ", ".join(f"{level} {count}" for level, count in counts.items())
    return Guess("", values, asked, (f"Column {column}: {said}.",))


def _control(meant: Mapping[str, str]) -> str:
    """Return the level that is a sham; else one that is any other control; else the last."""
    for words in (CONTROL, OTHER):
        for level, text in meant.items():
            if words_of(re.sub(r"\d", " ", text)) & {*words}:
                return level
    return list(meant)[-1]


def _active(meant: Mapping[str, str]) -> str:
    """Return the level that is a real treatment; else one that is no other control; else the first."""
    real = [level for level, text in meant.items() if words_of(re.sub(r"\d", " ", text)) & {*ACTIVE}]
    open_ = [level for level, text in meant.items() if not words_of(text) & {*OTHER}]
    return next(iter([*real, *open_, *meant]))


def in_time(sessions: Sequence[str], rows: Rows) -> tuple[list[str], str]:
    """Return sessions in the order of time, and what is not sure about it.

    Dates decide, then words (pre, post, followup), then numbers; never the alphabet.
    """
    dates = {
        session: min(
            (row[name] for row in rows.values() if not is_missing(row.get(name, "n/a"))), default=""
        ) for session in sessions for name in [f"acq_time_{session}"]
    }  # fmt: skip
    if sessions and all(dates.values()) and len(set(dates.values())) == len(sessions):
        return sorted(sessions, key=lambda session: dates[session]), ""
    ranks = {session: _rank(session) for session in sessions}
    ordered = sorted(sessions, key=lambda session: (ranks[session], _number(session)))
    known = [rank for rank in ranks.values() if rank != UNKNOWN]
    if len(sessions) < 2 or (len(known) == len(sessions) and len(set(ranks.values())) >= min(2, len(sessions))):
        return ordered, ""
    return ordered, f"is this the order in time: {', '.join(ordered)}? Names and dates do not tell."


UNKNOWN = 2


def _rank(session: str) -> int:
    words = words_of(re.sub(r"\d", " ", session))
    for rank, known in ((0, BEFORE), (3, AFTER), (4, LATER)):
        if words & {*known}:
            return rank
    return UNKNOWN


def _number(session: str) -> tuple[int, str]:
    found = re.search(r"\d+", session)
    return (int(found[0]) if found else -1, session)


def _crossover(rows: Rows, sessions: Sequence[str]) -> Guess | None:
    """Return a crossover where sessions are called after a real treatment and a sham, or a column holds orders."""
    columns = list(next(iter(rows.values()), {}))
    column = next((name for name in columns if words_of(name) & {*ORDERS} or _mirrored(_levels(rows, name))), None)
    shams = [session for session in sessions if is_control(session)]
    reals = [session for session in sessions if is_treatment(session) and session not in shams]
    if len(shams) == 1 and len(reals) == 1:
        dated = all(f"acq_time_{session}" in next(iter(rows.values()), {}) for session in (*reals, *shams))
        values: dict[str, object] = {"first": reals[0], "second": shams[0], "sessions": "treatments"}
        if column or dated:
            orders, asked = _orders(rows, column) if column else ({"column": "acq_time"}, {})
            return Guess(
                "crossover", {**values, **orders}, asked, ("Sessions are called after treatments: a crossover.",)
            )
        asked = {"column": "which column holds the order of treatments (or write acq_time into sub-*_sessions.tsv)?"}
        return Guess("crossover", values, asked, (BY_TREATMENT,))
    if column and len(sessions) == 2 and len(_levels(rows, column)) == 2:
        order, said = in_time(sessions, rows)
        orders, asked = _orders(rows, column)
        more = {"first": said} if said else {}
        found = {**orders, "first": order[0], "second": order[1]}
        return Guess("crossover", found, {**asked, **more}, (f"Column {column} holds orders of treatment.",))
    return None


def _mirrored(levels: Sequence[str]) -> bool:
    """Tell whether two words are the same parts in two orders: AB and BA, verum-sham and sham-verum."""
    if len(levels) != 2:
        return False
    parts = [[part for part in re.split(r"[^A-Za-z0-9]+", level) if part] for level in levels]
    one, other = ([*own[0]] if len(own) == 1 and len(own[0]) == 2 else own for own in parts)
    return len(one) == 2 and one[0] != one[1] and one == other[::-1] and not "".join(one).isdecimal()


def _orders(rows: Rows, column: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return column and orders, the one that begins with the real treatment first; and whether that is sure."""
    levels = sorted(_levels(rows, column))
    if len(levels) != 2:
        return {"column": column}, {"column": f"it holds {', '.join(levels)}; two orders are expected."}
    firsts = {level: re.split(r"[-_>/, ]+", level)[0] for level in levels}
    real = [level for level in levels if is_treatment(firsts[level]) and not is_control(firsts[level])]
    active = real[0] if len(real) == 1 else levels[0]
    values = {"column": column, "active": active, "control": next(level for level in levels if level != active)}
    sure = len(real) == 1
    return values, {} if sure else {"active": f"which of {', '.join(levels)} begins with the real treatment?"}
