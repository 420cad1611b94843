"""Calls that are handed over are waited for, whenever Ctrl-C comes."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from bids_app.execute import call_pool, subprocess_call


def test_ctrl_c_while_calls_are_handed_over_still_finishes_those_that_run(monkeypatch, request):
    """It used to kill a call that had begun and was not yet known to be waited for."""
    settled = {}
    # A shell that starts its jobs in the background has them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    monkeypatch.setattr(
        subprocess_call,
        "run_child",
        lambda *_, stop_early: subprocess_call.CallResult(code=0, messages="", host="here", job="", peak_mb=1.0),
    )
    with ThreadPoolExecutor(1) as pool:

        def submit(work, *words, **more):
            future = pool.submit(work, *words, **more)
            os.kill(os.getpid(), signal.SIGINT)  # now it runs, and nobody has noted it
            return future

        workers = SimpleNamespace(pool=SimpleNamespace(submit=submit), tell=lambda what, batch: what(batch))
        with pytest.raises(KeyboardInterrupt):
            call_pool.run_calls(
                {"sub-01": ["x"]}, workers, "participant", lambda label, ended: settled.update({label: ended})
            )
    assert settled["sub-01"].code == 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
