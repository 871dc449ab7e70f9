"""An unspoken passage of an answer."""

from __future__ import annotations


class Passage:
    """An unspoken passage that has begun."""

    def __init__(self, kind: str, closing: str, name: str = "", lead: str = "") -> None:
        self.kind = kind
        """`hidden`, `call`, `header`, or `bare` for a call without marks."""
        self.closing = closing
        """Its closing mark, `message` for one of Harmony's, or the backticks of a bare call."""
        self.name = name
        """The tool to which a message is addressed."""
        self.lead = lead
        """What precedes a bare call, and is spoken if it is ordinary text after all."""

    @property
    def quoted(self) -> bool:
        """Whether each of its lines begins with the sign of a quotation."""
        return ">" in self.lead
