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

from servers.llm.chat.call_bounds import end_of_call, fenced, is_request_or_row, without_fence
from servers.llm.chat.call_starts import CallStart, call_start
from servers.llm.chat.client import ToolCall, call_arguments
from servers.llm.chat.commands import command_call, is_tool_label
from servers.llm.chat.envelopes import answer_in
from servers.llm.chat.leads import is_label, lead_start, maybe_lead_start
from servers.llm.chat.mark_search import (
    CLOSINGS,
    MESSAGE_END,
    NEVER,
    ends_reasoning,
    is_unsure,
    known,
    next_mark,
    reasoning_closing,
    unfinished,
)
from servers.llm.chat.marks import BEGINNINGS, CALLS, HEADERS, LONE, MESSAGE_ENDS, REASONING
from servers.llm.chat.passage import Passage
from servers.llm.chat.thoughts import begins_thought, end_of_thought, opening_of
from servers.llm.chat.tool_names import canonical
from servers.llm.chat.whole_calls import is_rest_of_call, whole_part
from servers.llm.chat.written_calls import LONGEST, looks_like_a_call, read_calls

LONGEST_HELD = 32_768
"""Most characters held back for a lone closing mark; then all of them are spoken."""

_LONGEST_HEADER = 200
_LONGEST_UNCLOSED = 2000
"""Most characters behind `<plan>` and the like that are read once more if no mark closes it: they
are read at once, at the end of the answer."""
_LINE = "\n"
_BRACKETS = ("[", "(", "{")
_LONGEST_PIECE = 256
"""Most characters that are looked at together: every search is then short."""
_LONGEST_CLOSING = 80
"""Most characters of the end of an element of reasoning."""
_OTHER = 4
"""Most characters by which another spelling of a closing mark is longer."""
_ADDRESSED = re.compile(r"to=([\w./-]+)")
_WORD_IN_BRACES = re.compile(r"\{\s*\w+\Z")
_QUOTED = re.compile(r"\n[ \t]*>+ ?")


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
        self.cut = False
        """Whether a call was dropped because the answer ended in its middle."""
        self._tools = frozenset(map(canonical, tools))
        self._hold = hold
        self._clock = clock
        self._since: float | None = None
        self._held = ""
        self._pending = ""
        self._passage: Passage | None = None
        self._begun = False
        self._unclosed = False
        """Whether text is read once more, as no mark closed it."""
        self._before = _LINE
        """The last characters before the pending text."""

    def push(self, text: str) -> str:
        """Add text; return the text now known to be spoken."""
        if self._since is None and text.strip():
            self._since = self._clock()
        spoken = ""
        for start in range(0, max(1, len(text)), _LONGEST_PIECE):
            self._pending += text[start : start + _LONGEST_PIECE]
            spoken += self._take(last=False)
        return spoken

    def release(self) -> None:
        """Hold no more text: the server separates the reasoning itself, or its marks are whole."""
        self._hold = 0.0

    def flush(self, *, cut: bool = False) -> str:
        """Return the rest of the spoken text at the end.

        `cut`: whether the answer was ended before its end. Otherwise brackets that are missing in
        its last call are a mistake of the model, and are added.
        """
        if not cut:
            return self._take_unclosed() + self._take(last=True)
        spoken = self._take(last=False)
        self._cut_call()
        return spoken + self._take(last=True)

    def _take_unclosed(self) -> str:
        """Read what an element hides that the answer did not close, such as `<plan>`.

        It may be a placeholder of a sentence. One that began a line may be reasoning, which is
        then up to the first empty line.
        """
        passage, text = self._passage, self._pending
        if passage is None or not passage.unsure:
            return ""
        _, _, answer = text.partition("\n\n")
        self._passage, self._pending, self._unclosed = None, "", True
        if passage.line:
            return self.push(answer if answer.strip() else text)
        return self.push(passage.unsure + text)

    def _cut_call(self) -> None:
        """Reduce a call that is open at the end to its whole calls, and drop what begins one."""
        passage, text = self._passage, self._pending
        if passage is None:
            start = self._open_end(self._next_call())
            text = text[start:]
            label = is_label(text) or "_" in text
            if (text[:1].isalpha() or _WORD_IN_BRACES.match(text)) and not label:
                return
            self._pending = self._pending[:start]
            self.cut = self.cut or is_rest_of_call(text)
        elif passage.kind in ("bare", "call"):
            self._pending = whole_part(_QUOTED.sub("\n", text) if passage.quoted else text)
            rest = text[len(self._pending) :]
            self.cut = is_rest_of_call(rest) or (bool(passage.name) and not self._pending)
            if not self._pending:
                self._passage = None
        elif passage.unsure:
            passage.unsure = ""  # reasoning in whose middle the answer ended
        elif passage.kind == "header":
            self.cut = self.cut or _ADDRESSED.search(text) is not None

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
        first = not self._begun and not self._held.strip()
        if first and (begins := begins_thought(self._pending)) is not False:
            if begins:
                self._passage = Passage("thought", NEVER)
            if begins or not last:
                return bool(begins)
        mark, call = next_mark(self._pending), self._next_call()
        if call and call.sure and (mark is None or call.at < mark.start()):
            self._open_bare(call.lead, call.at)
            return True
        if last and call and mark is None and self._add_command(call):
            return False
        undecided = None if call is None or call.sure else call.lead
        if mark is not None and (undecided is None or mark.start() <= undecided or last):
            self._open_mark(mark)
            return True
        if first and (opening := opening_of(self._pending, last=last)):
            if opening not in BEGINNINGS:
                return False
            self.release()
            self._passage = Passage("hidden", BEGINNINGS[opening])
            return True
        self._speak(len(self._pending) if last else self._open_end(call))
        return False

    def _add_command(self, call: CallStart) -> bool:
        """Read the end of an answer that is only the name of a tool: "[get_time]", "/get_time".

        Return whether it is. A name without brackets, a slash or a label has to be the whole
        answer: the last word of a sentence may be such a name.
        """
        text = self._pending[call.at :]
        lead = self._pending[call.lead : call.at]
        before = (self._before + self._pending[: call.lead]).rstrip(" \t")
        begins = before.endswith((_LINE, *".!?…:;")) and not self.cut
        whole = not self._begun and not self._held.strip() and not before.strip()
        words = re.search(r"[^\W\d_]", lead) is not None and not is_label(lead)
        calls: tuple[ToolCall, ...] = ()
        if begins and before.endswith(_LINE) and is_request_or_row(text):
            calls = read_calls(text, self._tools, marked=False, commands=False)
        elif begins and not words and (whole or text[:1] in _BRACKETS or lead.strip(" *_-")):
            named = is_tool_label(lead)
            command = command_call(text, self._tools, alone=True, named=named)
            calls = (command,) if command else ()
        if not calls:
            return False
        self._speak(call.lead)
        self._pending = ""
        self._add(calls)
        return True

    def _open_end(self, call: CallStart | None) -> int:
        """Return where the end of the pending text begins that more text has to decide."""
        end = len(self._pending) - unfinished(self._pending)
        first = len(self._before)
        text = self._before + self._pending[:end]
        whole = end == len(self._pending)
        start = maybe_lead_start(text, first) if whole else lead_start(text, len(text), first)
        return start - first if call is None or call.sure else min(start - first, call.lead)

    def _speak(self, end: int) -> None:
        """Move the pending text before `end` to the spoken text."""
        text, self._pending = self._pending[:end], self._pending[end:]
        if not (self.calls and self._tools):
            self._held += text
        before = self._before + text
        line = before.rstrip(" \t")
        # without the space that begins a line
        self._before = line[-3:] + (" " if line != before and line[-1:] != _LINE else "")

    def _next_call(self) -> CallStart | None:
        """Return where the first call without marks begins, or where more text has to decide."""
        first = len(self._before)
        found = call_start(self._before + self._pending, first, self._tools)
        return found and CallStart(found.lead - first, found.at - first, found.sure)

    def _open_bare(self, lead: int, at: int) -> None:
        """Begin the passage of a call without marks."""
        self._speak(lead)
        text, self._pending = self._pending[: at - lead], self._pending[at - lead :]
        self._passage = Passage("bare", fenced(self._pending, 0), lead=text)
        before = (self._before + text).rstrip()
        self._passage.amid = self._passage.closing in ("`", "``") and before[-1:].isalnum()

    def _open_mark(self, found: re.Match[str]) -> None:
        """Begin the passage of a mark, or drop the mark."""
        written, at = found.group(), found.start()
        mark, first = known(written), len(self._before)
        if mark in CALLS:
            lead = lead_start(self._before + self._pending, first + at, first) - first
            self._speak(lead)
            # a mark that is part of an element belongs to the call
            keep = written if mark.startswith(("<function=", "<function ", "<invoke")) else ""
            self._pending = keep + self._pending[at - lead + len(written) :]
            self._passage = Passage("call", CALLS[mark])
            return
        line = (self._before + self._pending[:at]).rstrip(" \t").endswith(_LINE)
        unsure = written if is_unsure(written) else ""
        if unsure and self._unclosed:
            self._speak(at + len(written))
            return
        self._speak(at)
        self._pending = self._pending[len(written) :]
        self._before = _LINE
        if closing := reasoning_closing(found):
            self.release()  # this model writes its opening marks
            self._passage = Passage("hidden", "", pattern=closing)
        elif ends_reasoning(found):
            self._end_lone()
        elif mark in REASONING:
            self.release()
            self._passage = Passage("hidden", REASONING[mark])
        elif mark in HEADERS:
            self._passage = Passage("header", HEADERS[mark])
        elif mark in LONE:
            self._end_lone()
        if self._passage is not None and self._passage.kind == "hidden":
            self._passage.unsure, self._passage.line = unsure, line

    def _end_lone(self) -> None:
        """Drop the reasoning that a lone closing mark ends."""
        self.lone = True
        self.calls = ()
        if self._hold:
            self._held = ""
            self.release()

    def _skip(self, passage: Passage, last: bool) -> bool:
        """Read a passage up to its end; return whether that has come."""
        if passage.kind in ("bare", "thought"):
            read = self._read_bare if passage.kind == "bare" else self._skip_thought
            return read(passage, last)
        found = self._closing(passage)
        if passage.kind == "header" and (found.start() if found else len(self._pending)) > (
            _LONGEST_HEADER
        ):
            self._passage = None
            return True
        if found is None and not last:
            if passage.unsure and len(self._pending) <= _LONGEST_UNCLOSED:
                return False
            if passage.kind == "hidden":
                passage.unsure = ""
                longest = _LONGEST_CLOSING if passage.pattern else len(passage.closing) + _OTHER
                keep = max(longest, *map(len, MESSAGE_ENDS)) - 1
                self._pending = self._pending[max(0, len(self._pending) - keep) :]
                passage.read = 0
            elif len(self._pending) > LONGEST:
                self._pending = self._pending[:LONGEST] + self._pending[-_LONGEST_CLOSING:]
                passage.read = LONGEST
            return False
        end = found.start() if found else len(self._pending)
        text, self._passage = self._pending[:end], None
        # the beginning of the next message ends this one, and is read once more
        begins_next = found is not None and found.group().lower() in HEADERS
        self._pending = self._pending[end if found is None or begins_next else found.end() :]
        self._before = _LINE
        if passage.kind == "call":
            self._add(self._read(text, passage))
        elif passage.kind == "header" and found:
            self._enter_channel(text)
        return found is not None

    def _closing(self, passage: Passage) -> re.Match[str] | None:
        if passage.closing == _LINE:
            end = passage.scan.end_of_line(self._pending)
            return None if end is None else CLOSINGS[_LINE].match(self._pending, end)
        pattern = passage.pattern
        if pattern is None:
            pattern = MESSAGE_END if passage.closing == "message" else CLOSINGS[passage.closing]
        found = pattern.search(self._pending, max(0, passage.read - _LONGEST_CLOSING))
        passage.read = len(self._pending)
        return found

    def _skip_thought(self, passage: Passage, last: bool) -> bool:
        """Drop labelled reasoning, if it has an end."""
        end = end_of_thought(self._pending, passage.read)
        if end is None and not last and len(self._pending) < LONGEST_HELD:
            passage.read = max(0, len(self._pending) - _LONGEST_CLOSING)
            return False
        self._passage = None
        if end is None:  # nothing else is an answer
            self._speak(len(self._pending))
        else:
            self._pending, self._before = self._pending[end:], _LINE
        return True

    def _enter_channel(self, header: str) -> None:
        """Begin the message of a channel of Harmony."""
        if addressed := _ADDRESSED.search(header):
            self._passage = Passage("call", "message", addressed[1])
        elif re.search(r"analysis|commentary|user|system|developer|tool", header):
            self.release()
            self._passage = Passage("hidden", "message")
        elif "final" in header and self._held.strip() and self._hold:
            self._end_lone()

    def _read(self, text: str, passage: Passage) -> tuple[ToolCall, ...]:
        if passage.name:
            return (ToolCall(passage.name, call_arguments(text.strip() or None)),)
        return read_calls(text, self._tools, marked=True)

    def _read_bare(self, passage: Passage, last: bool) -> bool:
        """Read a call without marks, or find that it is ordinary text."""
        fence = passage.closing
        if fence:
            close = self._pending.find(fence, len(fence))
            end = close + len(fence) if close >= 0 else None
        else:
            end = end_of_call(self._pending, passage.scan)
        if end is None and not last:
            if len(self._pending) > LONGEST:  # no call is that long
                if not looks_like_a_call(self._pending, self._tools):
                    self._speak_passage(passage, len(self._pending))
                    return True
                self._pending = ""
                self._passage = Passage("hidden", NEVER)
            return False
        self._passage, end = None, len(self._pending) if end is None else end
        text = self._pending[:end]
        text = _QUOTED.sub("\n", text) if passage.quoted else text
        text = without_fence(text) if fence else text
        marked = "<tool_call" in text
        calls = read_calls(text, self._tools, marked=marked, commands=not passage.amid)
        self._add(calls)
        if not calls and not looks_like_a_call(text, self._tools):
            if (answer := answer_in(text)) is not None:
                self._pending, end = answer + self._pending[end:], len(answer)
            self._speak_passage(passage, end)
            return True
        self._pending = self._pending[end:]
        self._before = _LINE
        return True

    def _speak_passage(self, passage: Passage, end: int) -> None:
        """Speak a passage up to an index, as it is ordinary text."""
        self._passage, self._pending = None, passage.lead + self._pending
        self._speak(len(passage.lead) + end)

    def _add(self, calls: tuple[ToolCall, ...]) -> None:
        self.calls += tuple(call for call in calls if call not in self.calls)
