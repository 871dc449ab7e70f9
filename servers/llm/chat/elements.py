"""Reads tool calls that a model writes as elements, such as `<start_timer minutes="5"/>`.

An element is a call if its name is a tool's, or if it has the name of a call and names a tool: in
an attribute, in `<function=NAME>`, in an element of its own, or as its text. Its arguments are its
attributes, its elements, or its text in JSON or the like; those of `<tool>NAME</tool>` may be in
the element that follows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from servers.llm.chat.brackets import end_of_brackets
from servers.llm.chat.client import ToolCall
from servers.llm.chat.loose_arguments import loose_arguments, value_of
from servers.llm.chat.marks import NAMESPACES
from servers.llm.chat.tool_names import ARGUMENTS, NAMES, canonical

CALL_ELEMENTS = frozenset(
    (
        *("toolcall", "toolcalls", "tooluse", "usetool", "tool", "invoketool", "calltool"),
        *("function", "functions", "functioncall", "functioncalls", "startfunctioncall"),
        *("invoke", "call", "action", "api", "apicall", "command", "run", "longcattoolcall"),
        *("execute", "executetool", "toolcode", "multitool", "json", "python", "code"),
    )
)
"""Names of elements around calls, without separators."""
_SURE = frozenset(("toolcall", "tooluse", "tool", "function", "functioncall", "invoke"))
"""Names of elements that make what they name a call, though of no tool that exists."""
_ARGUMENTS = frozenset(map(canonical, ARGUMENTS))
_NAMES = frozenset(map(canonical, (*NAMES, "name")))
_PARAMETERS = frozenset(("parameter", "param", "arg", "argument", "invokearg"))
_MOST = 400
"""Most tags of one passage that are read."""

_BEGINNING = re.compile(r"<(?P<name>[A-Za-z][\w.:-]{0,60})?")
_TAG = re.compile(
    r"<(?P<close>/)?\s{0,3}(?P<name>[A-Za-z][\w.:-]{0,60})(?P<rest>(?:[\s=(]|\{)[^<>]*)?/?(?:>|\Z)"
)
_ATTRIBUTE = re.compile(
    r"(?P<key>[\w.:-]{1,60})\s{0,3}=\s{0,3}(?:\"(?P<d>[^\"]*)\"|'(?P<s>[^']*)'|(?P<b>[^\s\"'>/)]+))"
)
_NAMED = re.compile(
    r"(?:=\s*[\"']?(?P<name>[\w./:-]{1,80})[\"']?|\(\s*(?P<inner>[\w./:-]{1,80})\s*\))(?P<rest>.*)",
    re.DOTALL,
)
"""Behind the element's name in `<function=NAME>`."""


class Element:
    """An element with its attributes, text and elements."""

    def __init__(self, name: str, rest: str = "") -> None:
        self.name = canonical(name.rpartition(":")[2])
        self.named = ""
        """The tool's name in `<function=NAME>`."""
        self.text = ""
        self.inner: list[Element] = []
        rest = rest.strip().rstrip("/?|").strip()
        if found := _NAMED.match(rest):
            self.named, rest = found["name"] or found["inner"], found["rest"]
        self.attributes: dict[str, Any] = {}
        for found in _ATTRIBUTE.finditer(rest):
            written = next(filter(None, (found["d"], found["s"], found["b"])), "")
            self.attributes[found["key"]] = value_of(written)
        if not self.attributes:
            self.text = rest.lstrip(") ")  # <function=start_timer{"minutes": 5}>

    def value(self) -> Any:
        """Return its value as an argument."""
        if self.inner and not self.text.strip():
            return {each.key: each.value() for each in self.inner}
        return value_of(self.text)

    @property
    def key(self) -> str:
        """Its name as an argument."""
        if self.name in _PARAMETERS:
            named = self.named or self.attributes.get("name") or self.attributes.get("key")
            return str(named or self.name)
        return self.written

    written = ""
    """Its name as it was written."""


def begins_element(text: str, at: int, tools: Collection[str]) -> bool | None:
    """Return whether an element begins here that may be a call; None if more text decides."""
    found = _BEGINNING.match(text, at)
    if found is None:
        return False
    name = (found["name"] or "").lower()
    if found.end() < len(text):
        local = canonical(name.rpartition(":")[2])
        # `<code>` and the like are ordinary unless they hold a call, which is seen at their end
        follows = text[found.end()] in " \t\n/>=({"
        return follows and bool(local) and (local in CALL_ELEMENTS or local in tools)
    space = name.rpartition(":")[0]
    local = canonical(name.rpartition(":")[2])
    if not local or (not space and any(known.startswith(name) for known in NAMESPACES)):
        return None
    could = any(known.startswith(local) for known in (*CALL_ELEMENTS, *tools))
    return None if could else False


def end_of_element(text: str) -> int | None:
    """Return the index behind the element with which a text begins, and behind its arguments;
    None if it is open."""
    end = _end_of_one(text, 0)
    if end is None:
        return None
    following = text[end:].lstrip()
    if not following:
        return None
    found = _BEGINNING.match(following)
    name = canonical((found["name"] or "") if found else "")
    if found is None or (found.end() < len(following) and name not in _ARGUMENTS):
        return end
    return _end_of_one(text, len(text) - len(following))


def _end_of_one(text: str, at: int) -> int | None:
    tag = _TAG.match(text, at)
    if tag is None or (tag.end() == len(text) and not tag.group().endswith(">")):
        return None
    if tag.group().endswith(("/>", "?>")):
        return tag.end()
    close = re.compile(rf"</(?i:\s*{re.escape(tag['name'])}\s*>)")
    found = close.search(text, tag.end())
    if found is None:
        return None
    return found.end()


def is_whole(text: str) -> bool:
    """Return whether an answer that ended in an element has all of it."""
    end = _end_of_one(text, 0)
    # the arguments of `<tool>NAME</tool>` would have been in the next element
    return end is not None and (
        re.fullmatch(r"<\w+>\s*[\w.]+\s*</\w+>\s*", text) is None and not text[end:].strip()
    )


def element_calls(text: str, tools: Collection[str], *, marked: bool) -> Iterator[ToolCall]:
    """Yield the calls that are elements; none if there are no elements, or none of them is one."""
    root = _parsed(text)
    if marked and any(each.name in _NAMES for each in root.inner):
        root.name = "toolcall"
        yield from _calls_of([root], tools, marked)
        return
    yield from _calls_of(root.inner, tools, marked)


def _parsed(text: str) -> Element:
    """Return the elements of a text, in one without a name."""
    root = Element("")
    opened, at = [root], 0
    for count, tag in enumerate(_TAG.finditer(text)):
        if count == _MOST:
            break
        opened[-1].text += text[at : tag.start()]
        at = tag.end()
        name = tag["name"]
        local = canonical(name.rpartition(":")[2])
        if tag["close"]:
            depth = next((i for i in range(len(opened) - 1, 0, -1) if opened[i].name == local), 0)
            if depth:
                del opened[depth:]
            continue
        element = Element(name, tag["rest"] or "")
        element.written = name
        opened[-1].inner.append(element)
        if not tag.group().endswith(("/>", "?>", "/")):
            opened.append(element)
    opened[-1].text += text[at:]
    return root


def _calls_of(elements: list[Element], tools: Collection[str], marked: bool) -> Iterator[ToolCall]:
    for number, element in enumerate(elements):
        following = elements[number + 1 : number + 2]
        name, used = _tool_of(element, tools, marked)
        if not name:
            yield from _calls_of(element.inner, tools, marked)
            continue
        arguments = _arguments(element, used)
        if not arguments and following and following[0].name in _ARGUMENTS:
            arguments = dict(_content(following[0]))
        yield ToolCall(name, arguments)


def _tool_of(element: Element, tools: Collection[str], marked: bool) -> tuple[str, object]:
    """Return the tool's name that an element has, and what has it: a key, an element, or a text."""
    if element.name in tools:
        return element.written.rpartition(":")[2], None
    if element.name not in CALL_ELEMENTS:
        return "", None
    sure = element.name in _SURE
    if element.named and (sure or marked or canonical(element.named) in tools):
        return element.named, None
    for key, value in element.attributes.items():
        if canonical(key) in _NAMES and isinstance(value, str) and _is_tool(value, tools, sure):
            return value, key
    for inner in element.inner:
        name = inner.text.strip()
        if inner.name in _NAMES and not inner.inner and _is_tool(name, tools, sure):
            return name, inner
    name = element.text.strip().split("\n")[0].strip()
    return (name, element.text) if canonical(name) in tools and _is_name(name) else ("", None)


def _is_tool(name: str, tools: Collection[str], sure: bool) -> bool:
    return _is_name(name) and (sure or canonical(name) in tools)


def _is_name(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][\w./:-]*", name.strip()) is not None


def _arguments(element: Element, used: object) -> dict[str, Any]:
    """Return the arguments of an element that is a call."""
    found = {
        key: value
        for key, value in element.attributes.items()
        if key != used and canonical(key) not in ("id", "type", "callid")
    }
    inner = [each for each in element.inner if each is not used]
    keys = [each for each in inner if each.name.endswith("argkey")]
    values = [each for each in inner if each.name.endswith("argvalue")]
    if keys:
        pairs = zip(keys, values, strict=False)
        return found | {key.text.strip(): value_of(value.text) for key, value in pairs}
    for each in inner:
        if each.name in _ARGUMENTS and each.name not in _PARAMETERS:
            found |= _content(each)
        else:
            found[each.key] = each.value()
    text = "" if used is element.text else element.text.strip(" \n\t>")
    if isinstance(used, str) and used == element.text:
        text = used.strip().partition("\n")[2].strip()
    if text and not inner:
        end = end_of_brackets(text, 0) if text[0] in "{[(" else None
        found |= loose_arguments(text[:end])
    return found


def _content(element: Element) -> dict[str, Any]:
    """Return the arguments in an element around all of them."""
    if element.inner:
        return {each.key: each.value() for each in element.inner}
    return {**element.attributes, **loose_arguments(element.text)}
