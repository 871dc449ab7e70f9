"""Parsing of sentence templates into hassil's expressions, in one pass over the text.

hassil copies the rest of a template at each of its words, and parses equal groups again in each
template. With German's 3,000 templates, that is most of the time that its pack takes to load.
Irregular templates are left to hassil, whose errors name the fault.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hassil.expression import Expression, Group, Sentence, Sequence, TextChunk
    from hassil.intents import Intents

_TOKEN = re.compile(
    r"""
      (?P<word>[^|;()\[\]{}<>\\] [^|;()\[\]{}<>\\\ ]* \ *)
    | \{ (?P<list>[^|;()\[\]{}<>\\]+) \} (?P<apart>(?=\s))?
    | < (?P<rule>[^|;()\[\]{}<>\\]+) >
    | (?P<sign>[|;()\[\]])
    """,
    re.VERBOSE,
)

_ENDS = {"(": ")", "[": "]"}


class _Irregular(Exception):
    """A template that this parser leaves to hassil's."""


class TemplateParser:
    """Parses templates. Equal groups of all of them are one object."""

    def __init__(self) -> None:
        import hassil.expression
        from hassil.parse_expression import parse_sentence
        from hassil.util import normalize_text

        self.kinds = hassil.expression
        self._parse_sentence = parse_sentence
        self._normalize = normalize_text
        self._texts: dict[str, tuple[str, str]] = {}
        self._groups: dict[str, Group] = {}

    def sentence(self, text: str) -> Sentence:
        """Return a template as hassil parses it. Raises hassil's `ParseError`."""
        kinds = self.kinds
        try:
            expression = _Scan(self, f"({text.strip()})").whole()
        except _Irregular:
            parsed: Sentence = self._parse_sentence(text, keep_text=True)
            return parsed
        if len(expression.items) == 1 and isinstance(expression.items[0], kinds.Group):
            expression = expression.items[0]
        whole: Sentence = kinds.Sentence(expression=expression, text=text)
        return whole

    def word(self, text: str) -> TextChunk:
        if (found := self._texts.get(text)) is None:
            found = self._texts[text] = (sys.intern(self._normalize(text)), sys.intern(text))
        return self.kinds.TextChunk(*found)

    def shared(self, text: str, group: Group) -> Group:
        """Return the first group of this text."""
        return self._groups.setdefault(text, group)


class _Scan:
    """One template."""

    def __init__(self, parser: TemplateParser, text: str) -> None:
        self._parser = parser
        self._text = text
        self._place = 0

    def whole(self) -> Group:
        self._place = 1
        group = self._group(")")
        if self._place != len(self._text):
            raise _Irregular
        return group

    def _group(self, end: str) -> Group:
        """Return the group that begins at the place, up to and with its `end`."""
        kinds = self._parser.kinds
        begin = self._place
        first: Sequence = kinds.Sequence()
        parts = [first]
        kind = ""
        while (token := self._token())["sign"] != end:
            sign = token["sign"] or ""
            if sign and sign in "|;":
                if kind not in ("", sign):
                    raise _Irregular
                kind = sign
                parts.append(kinds.Sequence())
                continue
            item = self._inner(sign) if sign else self._piece(token, None if kind else first)
            parts[-1].items.append(item)
        if self._place - begin < 2:  # nothing is in the group
            raise _Irregular
        return self._of_kind(kind, parts)

    def _token(self) -> re.Match[str]:
        token = _TOKEN.match(self._text, self._place)
        if token is None:
            raise _Irregular
        self._place = token.end()
        return token

    def _piece(self, token: re.Match[str], parent: Group | None) -> Expression:
        """Return a text, list or rule. A text that is in no choice has a `parent`."""
        kinds = self._parser.kinds
        if (text := token["word"]) is not None:
            chunk = self._parser.word(text)
            chunk.parent = parent
            return chunk
        if (name := token["list"]) is not None:
            apart = token["apart"] is not None
            found: Expression = kinds.ListReference(sys.intern(name), is_end_of_word=apart)
        else:
            found = kinds.RuleReference(sys.intern(token["rule"]))
        return found

    def _of_kind(self, kind: str, parts: list[Sequence]) -> Group:
        kinds = self._parser.kinds
        if not kind:
            return parts[0]
        if kind == "|":
            choice: Group = kinds.Alternative(items=[*parts])
            return choice
        for part in parts:
            part.items.insert(0, kinds.TextChunk(" "))
            part.items.append(kinds.TextChunk(" "))
        permutation: Group = kinds.Permutation(items=[*parts])
        return permutation

    def _inner(self, sign: str) -> Group:
        kinds = self._parser.kinds
        if sign not in _ENDS:
            raise _Irregular
        begin = self._place - 1
        group = self._group(_ENDS[sign])
        if sign == "[":
            is_choice = isinstance(group, kinds.Alternative)
            option: Any = group if is_choice else kinds.Alternative(items=[group])
            option.is_optional = True
            option.items.append(kinds.TextChunk(text="", parent=group))
            group = option
        return self._parser.shared(self._text[begin : self._place], group)


def intents_of(content: Mapping[str, Any]) -> Intents:
    """Return the intents of a file's content, with every template parsed.

    Raises whatever hassil does for what is malformed.
    """
    from hassil.intents import Intents

    texts = {name: intent["data"] for name, intent in content["intents"].items()}
    bare = {
        name: {**intent, "data": [{**block, "sentences": []} for block in texts[name]]}
        for name, intent in content["intents"].items()
    }
    intents = Intents.from_dict({**content, "intents": bare, "expansion_rules": {}})
    if not all(isinstance(word, str) for word in intents.skip_words):
        raise ValueError("skip_words: expected a list of texts")
    parser = TemplateParser()
    for name, rule in (content.get("expansion_rules") or {}).items():
        intents.expansion_rules[name] = parser.sentence(rule)
    for name, intent in intents.intents.items():
        for data, block in zip(intent.data, texts[name], strict=True):
            sentences = [parser.sentence(text) for text in block["sentences"]]
            data.sentences[:] = _in_order(sentences, data.wildcard_list_names)
    return intents


def _in_order(sentences: Iterable[Sentence], wildcards: set[str]) -> list[Sentence]:
    """Return sentences in hassil's order: of those with any text, the longer first."""

    marks = tuple(f"{{{name}" for name in wildcards)

    def order(sentence: Sentence) -> int:
        # looking for the names in the text first saves most of the walks through expressions
        free = any(mark in (sentence.text or "") for mark in marks) and any(
            name in wildcards for name in sentence.list_names()
        )
        return -sentence.text_chunk_count() if free else 0

    return sorted(sentences, key=order)
