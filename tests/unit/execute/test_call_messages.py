"""What a call says reaches the call that started it, kind and text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bids_app.execute.call_messages import MARK, RECORDS, Message, read, written
from bids_app.execute.failures import last_words, reason_of
from bids_app.execute.subprocess_call import CallResult

KINDS = ["", "warning", "failed", "refused"]


@given(messages=st.lists(st.tuples(st.text(max_size=40), st.sampled_from(KINDS)), max_size=6))
def test_messages_survive_the_way_to_the_parent(messages):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(RECORDS, "1")
        said = "".join(f"{written(text, kind)}\n" for text, kind in messages)
    assert [(one.text, one.kind) for one in read(said)] == messages or not messages


def test_people_read_lines_with_the_kind_in_front(monkeypatch):
    monkeypatch.delenv(RECORDS, raising=False)
    assert written("sub-01: is empty", "failed") == "failed: sub-01: is empty"
    assert written("no arms", "refused") == "deqi: no arms"
    assert written("done") == "done"


def test_lines_of_libraries_and_records_that_were_cut_off_are_plain():
    found = read(f'Traceback ...\n{MARK}["warning", "odd"]\n{MARK}["failed", "half')
    assert [message.kind for message in found] == ["", "warning", ""]
    assert found[2].text.startswith('["failed"')


@pytest.mark.parametrize("text", ["failed: of a file", "warning: of a file", "deqi: of a file", "  More: of a file"])
def test_no_kind_is_read_from_words(text):
    """A file may be called what it likes."""
    assert read(text) == [Message("", text)]
    refused = Message("refused", "no arms\n  in two lines")
    assert last_words([Message("", text), refused, Message("", text)]) == "no arms   in two lines"


def test_a_job_that_failed_is_told_before_the_call_and_a_signal_before_both():
    messages = (Message("failed", "sub-01: is empty"), Message("refused", "1 failed"), Message("", "bye"))
    assert reason_of(CallResult(code=1, messages=messages, host="", job="", peak_mb=0.0)) == "sub-01: is empty"
    assert "out of memory" in reason_of(CallResult(code=-9, messages=messages, host="", job="", peak_mb=100.0))
    assert (
        reason_of(CallResult(code=-11, messages=messages, host="", job="", peak_mb=0.0))
        == "crashed (SIGSEGV) after saying: sub-01: is empty"
    )
    assert reason_of(CallResult(code=3, messages=(), host="", job="", peak_mb=0.0)) == "exit code 3"
