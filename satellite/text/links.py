"""Links and web addresses in speech: the words of a link, and only the host of an address."""

from __future__ import annotations

import re

_NAMED = re.compile(
    r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+[\"'][^\"']*[\"'])?\)"
)
"""`[words](address "title")`, spoken as its words; the address may hold one pair of ()."""
_REFERRED = re.compile(r"!?\[([^\[\]]+)\]\[[^\[\]]*\]")
_DEFINED = re.compile(r"^[ \t]*\[[^\[\]]+\]:[ \t]+\S+.*$", re.MULTILINE)
_NOTE = re.compile(r"\[\^[^\[\]\s]+\]:?|【[^【】]*】")
_ADDRESS = re.compile(
    r"<?\b(?:(?:https?|ftp)://|(?=www\.))(?:[^\s/@<>]+@)?(?:www\.)?"
    r"(?P<host>[^\s/:?#<>()\"'\[\]]+)(?P<rest>[^\s<>\"\[\]]*)>?",
    re.IGNORECASE,
)
_BARE = re.compile(r"\b((?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24})/[^\s<>\"\[\]]*[^\s<>\"\[\].,;:!?)]")
_MAIL = re.compile(r"\bmailto:(?=\S)", re.IGNORECASE)
_CLOSING = re.compile(r"[.,;:!?)]*$")


def replace_links(text: str) -> str:
    """Replace each link by its words, and each address by its host."""
    text = _DEFINED.sub("", text)
    text = _NAMED.sub(r"\1", text)
    text = _REFERRED.sub(r"\1", text)
    text = _NOTE.sub("", text)
    text = _MAIL.sub("", text)
    text = _ADDRESS.sub(_host, text)
    return _BARE.sub(r"\1", text)


def _host(match: re.Match[str]) -> str:
    host, rest = match["host"], match["rest"]
    whole = host + rest
    closing = _CLOSING.search(whole)
    end = whole[closing.start() :] if closing else ""  # belongs to the sentence, not to the address
    return host[: max(0, len(host) - len(end))] + end if not rest else host.rstrip(".,;:!?)") + end
