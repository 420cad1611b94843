"""How numbers stand on pages: p values, effects with their limits, counts. The only place that decides it."""

from __future__ import annotations

import math

from bids_app.report.messages import _

LEAST_P = 0.001
"""p values below it are printed as such."""


def format_p(p: object) -> str:
    """Return a p value as papers print it.

    >>> format_p(0.0312), format_p(0.0025), format_p(0.0002), format_p(None)
    ('.031', '.003', '< .001', 'n/a')
    """
    value = _float(p)
    if value is None:
        return _("n/a")
    return "< .001" if value < LEAST_P else f"{value:.3f}".removeprefix("0")


def says_p(p: object) -> str:
    """Return a p value in a sentence.

    >>> says_p(0.0312), says_p(0.0002)
    ('p = .031', 'p < .001')
    """
    said = format_p(p)
    return _("p %(value)s", value=said) if said.startswith("<") else _("p = %(value)s", value=said)


def format_number(value: object, digits: int = 3) -> str:
    """Return a number with a few significant digits; n/a for nothing.

    >>> format_number(12.3456), format_number(None), format_number(0.0), format_number(12345.6)
    ('12.3', 'n/a', '0', '12,346')
    """
    number = _float(value)
    if number is None:
        return _("n/a")
    return f"{number:.{digits}g}" if abs(number) < 1e4 else f"{number:,.0f}"


def rounded(cell: str, digits: int = 4) -> str:
    """Return a cell of a table as pages show it: a number with decimals loses those that say nothing.

    >>> rounded("0.64415625"), rounded("CFN"), rounded("33"), rounded("12345.678"), rounded("1e-7")
    ('0.6442', 'CFN', '33', '12,346', '1e-07')
    """
    try:
        number = float(cell)
    except ValueError:
        return cell
    return format_number(number, digits) if math.isfinite(number) and number != int(number) else cell


def effect_with_limits(effect: object, low: object, high: object, units: str = "", digits: int = 3) -> str:
    """Return an effect with its 95 % limits.

    >>> effect_with_limits(-11.94, -17.3, -6.4, "points"), effect_with_limits(0.3, None, None)
    ('-11.9 points (95 % limits -17.3 to -6.4)', '0.3')
    """
    size = f"{format_number(effect, digits)} {units}".strip()
    if _float(low) is None or _float(high) is None:
        return size
    return _("%(size)s (95 %% limits %(low)s to %(high)s)",
             size=size, low=format_number(low, digits), high=format_number(high, digits))  # fmt: skip


def _float(value: object) -> float | None:
    """Return a number, or None for what is none or NaN."""
    if value in (None, "", "n/a"):
        return None
    number = float(value)  # type: ignore[arg-type]
    return None if number != number else number
