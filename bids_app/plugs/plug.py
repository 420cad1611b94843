"""What all plugs have.

A plug is one file. Its constants in capitals and its functions become the fields of a record of its kind (`modality`,
`protocols`); `registry` looks that nothing is missing or misspelt.
"""

from __future__ import annotations

from dataclasses import dataclass

from bids_app.vocabulary.options import Options


@dataclass(frozen=True, kw_only=True)
class Plug:
    """What all plugs have.

    Attributes
    ----------
    doc : str
        Docstring of the file: what the plug does.
    options : type
        Frozen dataclass of its options, all with defaults.
    methods : str
        A sentence for the methods section; of a modality it depends on the options.
    """

    name: str
    doc: str
    options: type[Options]
    methods: str
