"""An unspoken passage of an answer."""

from __future__ import annotations

import re

from servers.llm.chat.brackets import BracketScan


class Passage:
    """An unspoken passage that has begun."""

    def __init__(
        self,
        kind: str,
        closing: str,
        name: str = "",
        lead: str = "",
        pattern: re.Pattern[str] | None = None,
    ) -> None:
        self.kind = kind
        """`hidden`, `call`, `header`, `bare` for a call without marks, or `thought` for reasoning
        with a label."""
        self.closing = closing
        """Its closing mark, `message` for one of Harmony's, or the backticks of a bare call."""
        self.pattern = pattern
        """The pattern of its closing mark, if that has several spellings."""
        self.name = name
        """The tool to which a message is addressed."""
        self.lead = lead
        """What precedes a bare call, and is spoken if it is ordinary text after all."""
        self.amid = False
        """Whether it is code amid a sentence, which may only quote a command."""
        self.unsure = ""
        """The mark that opened it, if that is ordinary text unless a mark closes it."""
        self.line = False
        """Whether that mark began a line."""
        self.scan = BracketScan()
        """The brackets of a call, as far as they were read."""
        self.read = 0
        """Index up to which its end was looked for."""

    @property
    def quoted(self) -> bool:
        """Whether each of its lines begins with the sign of a quotation."""
        return ">" in self.lead
