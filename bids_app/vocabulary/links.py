"""Links of a framework (needle -> PAG): what one study says of one of them, and what several say together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bids_app.vocabulary.json_record import JsonRecord
from bids_app.vocabulary.synthesis_sidecars import SynthesisSidecar

LinkScale = Literal["", "g", "r"]
"""Of a size: standardised difference, or correlation (kept as Fisher's z)."""


def link_of(text: str) -> str:
    """Return a link in one spelling; empty where the words are none.

    >>> link_of("needle-->PAG"), link_of(" PAG  → relief"), link_of("a <-> b")
    ('needle → PAG', 'PAG → relief', '')
    """
    ends = [" ".join(end.split()) for end in re.split(r"-+>|→", text)]
    if "<" in text or "←" in text:
        return ""
    return " → ".join(ends) if len(ends) == 2 and all(ends) and ends[0] != ends[1] else ""


@dataclass(frozen=True, kw_only=True)
class LinkEvidence:
    """What one study says of one link.

    Attributes
    ----------
    sample : str
        Its participants.
    modality, contrast : str
        How it was measured, and what was compared.
    sign : int
        1 if it is as the link is written (more of the first, more of the second), -1 for the opposite, 0 for neither.
    p : float
        Two-sided; NaN where it is not told.
    scale, effect, variance
        Of its size; NaN where it is not told.
    where : str
        File and line, for messages.
    """

    study: str
    sample: str
    link: str
    modality: str
    contrast: str
    sign: int
    where: str
    p: float = float("nan")
    scale: LinkScale = ""
    effect: float = float("nan")
    variance: float = float("nan")


@dataclass(frozen=True, kw_only=True)
class LinkRow(JsonRecord):
    """What studies say together of one link, in one modality and contrast; numbers that cannot be had are None.

    Attributes
    ----------
    modality : str
        Empty: all of them together, by signs and p alone.
    studies : int
        0 where none looked.
    p_at_least : float or None
        Of fewer than so many studies having it (`at_least` of the sidecar); `p_holm` corrected over all rows.
    sources : int
        Studies in which it is at least, at a level that is not corrected over rows.
    pooled : int
        Studies whose sizes were pooled, three or more; `scale` g or r; `tau2` of r is of Fisher's z.
    """

    link: str
    modality: str
    contrast: str
    names: tuple[str, ...]
    studies: int
    positive: int
    negative: int
    p_signs: float | None
    p_at_least: float | None
    p_holm: float | None
    sources: int
    scale: str = ""
    pooled: int = 0
    effect: float | None = None
    lower: float | None = None
    upper: float | None = None
    tau2: float | None = None


@dataclass(frozen=True, kw_only=True)
class LinkSynthesis(SynthesisSidecar):
    """Sidecar of the links of a framework, over studies and modalities."""

    links: tuple[str, ...]
    modalities: tuple[str, ...]
    rows: tuple[LinkRow, ...]
    at_least: int
    alpha: float
    synthesis: str = "links"
