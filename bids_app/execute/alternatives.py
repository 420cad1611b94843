"""The analyses of a multiverse one after another, each the very command line in an output folder of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from bids_app.execute.call_messages import RECORDS, read
from bids_app.execute.failures import last_words
from bids_app.execute.progress import say
from bids_app.execute.subprocess_call import environment
from bids_app.vocabulary.options.multiverse import Specification


def run_alternatives(specifications: Sequence[Specification], argv: Sequence[str]) -> dict[str, str]:
    """Do every analysis beside the main one; one that cannot be done does not stop the others.

    Returns
    -------
    failures : dict
        Last words of those that failed, by name.
    """
    failures = {}
    for number, specification in enumerate(specifications, 1):
        said = "; ".join(specification.settings)
        say(f"multiverse {number} of {len(specifications)}: {specification.name} ({said})")
        command = [sys.executable, "-P", "-m", "bids_app", *argv, "--alternative", specification.name]
        messages = []
        with subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**environment(), RECORDS: "1"},
            text=True,
            errors="replace",
        ) as child:
            assert child.stderr is not None
            for line in child.stderr:
                (message,) = read(line)
                messages.append(message)
                if message.kind != "warning":
                    say(f"  {specification.name}: {message.line.rstrip()}")
            code = child.wait()
        if code:
            failures[specification.name] = last_words(messages) or f"exit code {code}"
    return failures
