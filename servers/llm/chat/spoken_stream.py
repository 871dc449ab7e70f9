"""Separates a model's text into spoken text and tool calls, and drops its reasoning.

What is spoken is returned as soon as it is certain: only a text that may be the beginning of a mark
or of a tool call is held back until the next pieces decide, mostly one piece later.

Templates of some reasoning models write the opening mark themselves, so that the text begins with
reasoning and shows that only at `</think>`. For models that may do so, the caller sets `hold`: the
seconds for which text is held back, for ever (`math.inf`) until the end of the answer. A lone
closing mark then drops what is held, calls included. See `reasoning.hold_time` for the choice.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection

from servers.llm.chat.call_bounds import (
    beginning,
    brackets_closed,
    canonical,
    end_of_brackets,
    fenced,
)
from servers.llm.chat.client import ToolCall, call_arguments
from servers.llm.chat.marks import (
    BEGINNINGS,
    CALLS,
    DROPPED,
    HEADERS,
    LONE,
    MESSAGE_ENDS,
    REASONING,
)
from servers.llm.chat.written_calls import LONGEST, looks_like_a_call, read_calls

LONGEST_HELD = 32_768
"""Most characters held back for a lone closing mark; then all of them are spoken."""

_LONGEST_HEADER = 200

NEVER = "\0"
"""Closing mark of a passage that extends to the end."""

_MARKS = (*REASONING, *LONE, *CALLS, *HEADERS, *DROPPED)
_CONTROL = re.compile(r"<\|[\w/]{1,40}\|>")
"""A model's control tokens, such as <|eot_id|>."""
_MAYBE_CONTROL = re.compile(r"<(?:\|(?:[\w/]{0,40}\|?)?)?\Z")

_FIRST_SIGNS = "".join(sorted({mark[0] for mark in _MARKS}))
_LONGEST_MARK = max(map(len, _MARKS))


def _pattern(marks: Collection[str]) -> re.Pattern[str]:
    longest_first = sorted(set(marks), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE | re.ASCII)


_ANY_MARK = _pattern(_MARKS)
_CLOSINGS = {
    mark: _pattern([mark])
    for mark in (
        *REASONING.values(),
        *CALLS.values(),
        *HEADERS.values(),
        *BEGINNINGS.values(),
        NEVER,
    )
}
_MESSAGE_END = _pattern(MESSAGE_ENDS)
_KNOWN = {mark.lower(): mark for mark in _MARKS}
_SIGNS = ("{", "[", "`")
_START = re.compile(r"[{\[`]|(?:(?<=\n)|\A)[ \t]*(?=\w)")
"""Where a call without marks may begin."""
_ADDRESSED = re.compile(r"to=([\w./-]+)")


class SpokenStream:
    """Takes a model's text in pieces of any size and returns the spoken text.

    The size of the pieces does not change the spoken text as a whole. Space before the first word
    is removed, and so is text behind a call of a request with tools: the model writes it before it
    knows the result, and answers once more.
    """

    def __init__(
        self,
        tools: Collection[str] = (),
        hold: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`tools` are the names of the tools; `hold` the seconds for a lone closing mark."""
        self.calls: tuple[ToolCall, ...] = ()
        """The tool calls so far, without repetitions."""
        self.lone = False
        """Whether reasoning ended that had not begun."""
        self._tools = frozenset(map(canonical, tools))
        self._hold = hold
        self._clock = clock
        self._since: float | None = None
        self._held = ""
        self._pending = ""
        self._passage: _Passage | None = None
        self._begun = False
        self._line = True
        """Whether the pending text begins a line."""

    def push(self, text: str) -> str:
        """Add text; return the text now known to be spoken."""
        if self._since is None and text.strip():
            self._since = self._clock()
        self._pending += text
        return self._take(last=False)

    def release(self) -> None:
        """Hold no more text: the server separates the reasoning itself, or its marks are whole."""
        self._hold = 0.0

    def flush(self) -> str:
        """Return the rest of the spoken text at the end."""
        return self._take(last=True)

    def _take(self, *, last: bool) -> str:
        while self._step(last):
            pass
        waited = 0.0 if self._since is None else self._clock() - self._since
        if last or waited >= self._hold:
            self._hold = 0.0
        if self._hold and len(self._held) < LONGEST_HELD:
            return ""
        spoken, self._held = self._held, ""
        if not self._begun:
            spoken = spoken.lstrip()
            self._begun = bool(spoken)
        return spoken

    def _step(self, last: bool) -> bool:
        """Handle one passage or one text before a mark; return whether there may be more."""
        if self._passage is not None:
            return self._skip(self._passage, last)
        mark, at, undecided = self._next_mark(), *self._next_call()
        if at is not None and (mark is None or at < mark.start()):
            self._speak(at)
            self._passage = _Passage("bare", fenced(self._pending, 0))
            return True
        if mark is not None and (undecided is None or mark.start() <= undecided or last):
            self._speak(mark.start())
            self._open(_KNOWN.get(mark.group().lower(), ""), mark.group())
            return True
        if not self._begun and not self._held.strip() and (opening := self._opening(last)):
            if opening not in BEGINNINGS:
                return False
            self.release()
            self._passage = _Passage("hidden", BEGINNINGS[opening])
            return True
        end = len(self._pending)
        if not last:
            end -= _unfinished(self._pending)
            end = end if undecided is None else min(end, undecided)
        self._speak(end)
        return False

    def _opening(self, last: bool) -> str:
        """Return which of `BEGINNINGS` the pending text has, or the part of one so far."""
        text = self._pending.lstrip()
        for opening in BEGINNINGS:
            rest = text[len(opening) :]
            if text.startswith(opening) and (rest[:1].isupper() or (opening[-1] == ":" and rest)):
                return opening
            if text and opening.startswith(text) and not last:
                return text if text != opening else text[:-1]
        return ""

    def _speak(self, end: int) -> None:
        """Move the pending text before `end` to the spoken text."""
        text, self._pending = self._pending[:end], self._pending[end:]
        if not (self.calls and self._tools):
            self._held += text
        line = text.rstrip(" \t")
        self._line = line.endswith("\n") or (self._line and not line)

    def _next_mark(self) -> re.Match[str] | None:
        """Return the first mark in the pending text."""
        found = [pattern.search(self._pending) for pattern in (_ANY_MARK, _CONTROL)]
        # at the same place, a known mark precedes a control token
        return min((m for m in found if m), key=lambda match: match.start(), default=None)

    def _next_call(self) -> tuple[int | None, int | None]:
        """Return where a call without marks begins, and from where more text has to decide."""
        for found in _START.finditer(self._pending):
            at = found.start() if found.group() in _SIGNS else found.end()
            before = self._pending[:at].rstrip(" \t")
            line = before.endswith("\n") or (self._line and not before)
            begins = beginning(self._pending, at, self._tools, line=line)
            if begins:
                return at, None
            if begins is None:
                return None, at
        return None, None

    def _open(self, mark: str, written: str) -> None:
        """Begin the passage of a mark, or drop the mark."""
        if mark in CALLS:
            # a mark that is part of an element belongs to the call
            keep = written if mark.startswith(("<function=", "<function ", "<invoke")) else ""
            self._pending = keep + self._pending[len(written) :]
            self._passage = _Passage("call", CALLS[mark])
            return
        self._pending = self._pending[len(written) :]
        self._line = True
        if mark in REASONING:
            self.release()  # this model writes its opening marks
            self._passage = _Passage("hidden", REASONING[mark])
        elif mark in HEADERS:
            self._passage = _Passage("header", HEADERS[mark])
        elif mark in LONE:
            self._end_lone()

    def _end_lone(self) -> None:
        """Drop the reasoning that a lone closing mark ends."""
        self.lone = True
        self.calls = ()
        if self._hold:
            self._held = ""
            self.release()

    def _skip(self, passage: _Passage, last: bool) -> bool:
        """Read a passage up to its end; return whether that has come."""
        if passage.kind == "bare":
            return self._read_bare(passage, last)
        found = self._closing(passage)
        if passage.kind == "header" and (found.start() if found else len(self._pending)) > (
            _LONGEST_HEADER
        ):
            self._passage = None
            return True
        if found is None and not last:
            if passage.kind == "hidden":
                keep = max(len(passage.closing), max(map(len, MESSAGE_ENDS))) - 1
                self._pending = self._pending[max(0, len(self._pending) - keep) :]
            elif len(self._pending) > LONGEST:
                self._pending = self._pending[:LONGEST] + self._pending[-40:]
            return False
        end = found.start() if found else len(self._pending)
        text, self._passage = self._pending[:end], None
        # the beginning of the next message ends this one, and is read once more
        begins_next = found is not None and found.group().lower() in HEADERS
        self._pending = self._pending[end if found is None or begins_next else found.end() :]
        self._line = True
        if passage.kind == "call":
            self._add(self._read(text, passage))
        elif passage.kind == "header" and found:
            self._enter_channel(text)
        return found is not None

    def _closing(self, passage: _Passage) -> re.Match[str] | None:
        if passage.closing == "message":
            return _MESSAGE_END.search(self._pending)
        pattern = _CLOSINGS[passage.closing]
        if passage.closing != "\n":
            return pattern.search(self._pending)
        for found in pattern.finditer(self._pending):
            if brackets_closed(self._pending[: found.start()]):
                return found
        return None

    def _enter_channel(self, header: str) -> None:
        """Begin the message of a channel of Harmony."""
        if addressed := _ADDRESSED.search(header):
            self._passage = _Passage("call", "message", addressed[1])
        elif re.search(r"analysis|commentary|user|system|developer|tool", header):
            self.release()
            self._passage = _Passage("hidden", "message")
        elif "final" in header and self._held.strip() and self._hold:
            self._end_lone()

    def _read(self, text: str, passage: _Passage) -> tuple[ToolCall, ...]:
        if passage.name:
            return (ToolCall(passage.name, call_arguments(text.strip() or None)),)
        return read_calls(text, self._tools, marked=True)

    def _read_bare(self, passage: _Passage, last: bool) -> bool:
        """Read a call without marks, or find that it is ordinary text."""
        fence = passage.closing
        if fence:
            close = self._pending.find(fence, len(fence))
            end = close + len(fence) if close >= 0 else None
        else:
            end = end_of_brackets(self._pending, 0)
        if end is None and not last:
            if len(self._pending) > LONGEST:  # no call is that long: hide the rest of it
                self._pending = ""
                self._passage = _Passage("hidden", NEVER)
            return False
        self._passage = None
        end = len(self._pending) if end is None else end
        text = self._pending[:end]
        if calls := read_calls(text, self._tools, marked="<tool_call" in text):
            self._add(calls)
        elif looks_like_a_call(text, self._tools):
            pass
        else:
            self._speak(end)
            return True
        self._pending = self._pending[end:]
        self._line = True
        return True

    def _add(self, calls: tuple[ToolCall, ...]) -> None:
        self.calls += tuple(call for call in calls if call not in self.calls)


class _Passage:
    """An unspoken passage that has begun."""

    def __init__(self, kind: str, closing: str, name: str = "") -> None:
        self.kind = kind
        """`hidden`, `call`, `header`, or `bare` for a call without marks."""
        self.closing = closing
        """Its closing mark, `message` for one of Harmony's, or the backticks of a bare call."""
        self.name = name
        """The tool to which a message is addressed."""


def _unfinished(text: str) -> int:
    """Return how many characters at the end of a text may begin a mark."""
    tail = text[-_LONGEST_MARK:].lower()
    longest = 0
    if any(sign.lower() in tail for sign in _FIRST_SIGNS):
        for mark in _KNOWN:
            for size in range(min(len(mark) - 1, len(tail)), longest, -1):
                if tail.endswith(mark[:size]):
                    longest = size
                    break
    control = _MAYBE_CONTROL.search(text)
    return max(longest, len(text) - control.start() if control else 0)
