"""The files of the page: small, all our own, and named in every language."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
from yarl import URL

from satellite.diagnostics.recordings.folder import Kind
from satellite.http.page.static_files import StaticFiles
from satellite.http.page.words import words_for
from tests.http.page.visitor import visited

MOST = 150_000
"""Bytes of the page in all."""

STATIC = files("satellite.http.page") / "static"
STYLE = "/page/0123456789abcdef/look.css"
SCRIPTS = [file for file in STATIC.iterdir() if file.name.endswith(".js")]


def test_the_page_is_small() -> None:
    assert sum(len(file.read_bytes()) for file in STATIC.iterdir()) < MOST


@pytest.mark.parametrize("file", sorted(STATIC.iterdir(), key=str), ids=lambda file: file.name)
def test_nothing_comes_from_elsewhere(file: object) -> None:
    content = file.read_bytes()  # type: ignore[attr-defined]
    found = set(re.findall(rb"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", content))
    assert found - {b"http://www.w3.org"} == set()


@pytest.mark.parametrize("file", sorted(STATIC.iterdir(), key=str), ids=lambda file: file.name)
def test_no_address_is_absolute(file: Path) -> None:
    """The page may be below the path of a proxy; `at` makes an address of a path."""
    if file.suffix == ".html":
        assert not re.findall(r'(?:src|href)="/', file.read_text())
    elif file.suffix == ".js":
        text = file.read_text()
        assert not re.findall(r'(?:from|import\(|fetch\(|href: |src: |addModule\()\s*["`]/', text)


async def test_each_file_is_served_under_a_strict_policy_and_only_once() -> None:
    async with visited() as page:
        async with page.session.get(page.address + "/") as answer:
            html = await answer.text()
        version = re.findall(r'data-files="(page/.+?/)"', html)[0]
        named = re.findall(r'(?:src|href)="(page/[^"]+)"', html)
        later = [version + name for name in ("look.js", "look.css", "words.js", "capture.js")]
        for path in ["/", "/page/worker.js", *(f"/{name}" for name in named + later)]:
            async with page.session.get(page.address + path) as answer:
                assert answer.status == 200
                lasting = "immutable" in answer.headers["Cache-Control"]
                assert lasting == (path[1:] in later)
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                known = {"If-None-Match": answer.headers["ETag"]}
            async with page.session.get(page.address + path, headers=known) as answer:
                assert answer.status == 304


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


async def test_the_policy_allows_no_script_and_style_but_those_of_the_page() -> None:
    async with visited() as page, page.session.get(page.address + "/") as answer:
        html = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    (script,) = re.findall(r'<script type="module">(.*?)</script>', html, re.S)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.S)
    assert rules["script-src"] == f"'self' {digest(script)}"
    assert rules["style-src"] == f"'self' {digest(style)}"
    assert rules["frame-ancestors"] == "'none'"
    assert html.count("<script") == 2  # and the words, which are data
    assert "{{" not in html.replace(script, "").replace(style, "")


@pytest.mark.parametrize("language", ["en", "de", "zh"])
async def test_the_page_begins_with_all_that_it_shows(language: str) -> None:
    """What a page asks for before it is there costs its load one more turn to the server."""
    named = {"Accept-Language": language}
    async with visited() as page, page.session.get(page.address, headers=named) as answer:
        assert "Accept-Language" in answer.headers["Vary"]
        html = await answer.text()
    assert f'<html lang="{language}"' in html
    (words,) = re.findall(r'<script id="words" type="application/json">(.*?)</script>', html)
    assert json.loads(words) == words_for(language)
    head = html.partition("<body")[0]
    assert not re.search(r'<script|rel="(?:stylesheet|preload|modulepreload)"', head)
    assert re.findall(r"<script[^>]* src=", html) == []


async def test_words_never_end_their_element(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {**words_for("en"), "greeting": "</script><script>alert({{script}})"}
    monkeypatch.setattr("satellite.http.page.document.words_for", lambda _: words)
    async with visited() as page, page.session.get(page.address) as answer:
        html = await answer.text()
    (found,) = re.findall(r'<script id="words" type="application/json">(.*?)</script>', html)
    assert json.loads(found) == words
    assert html.count("</script>") == 2


async def test_a_file_of_another_version_is_the_present_one_and_not_stored() -> None:
    async with visited() as page:
        for path, status in (
            ("0123456789abcdef/look.css", 200),
            ("0123456789abcdef/words.js", 200),
            ("0123456789abcdef/style.css", 404),
            ("0123456789abcdef/app.js", 404),
            ("0123456789abcdef/icon.svg", 404),
            ("0123456789abcdef/..%2Findex.html", 404),
            ("0123456789abcdef/worker.js", 404),
            ("0123456789abcdef/%FF", 404),
        ):
            async with page.session.get(URL(f"{page.address}/page/{path}", encoded=True)) as answer:
                assert answer.status == status
                if status == 200:
                    assert answer.headers["Cache-Control"] == "no-cache"


async def test_the_version_is_that_of_all_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = StaticFiles({}).version
    assert StaticFiles({}).version == before
    copied = tmp_path / "static"
    copied.mkdir()
    for file in STATIC.iterdir():
        (copied / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr("satellite.http.page.static_files.files", lambda _: tmp_path)
    assert StaticFiles({}).version == before
    (copied / "clock.js").write_text("export const nothing = 0;")
    assert StaticFiles({}).version != before


async def test_text_is_compressed_for_those_who_accept_it() -> None:
    sizes = dict[str, int]()
    async with visited() as page:
        for accepted, encoding in (
            ("gzip, deflate, br", "gzip"),
            ("br;q=1.0, GZIP;q=0.5", "gzip"),
            ("gzip;q=0", None),
            ("", None),
        ):
            named = {"Accept-Encoding": accepted}
            for path in ("/", STYLE, "/page/words?language=zh"):
                async with page.session.get(page.address + path, headers=named) as answer:
                    assert answer.headers.get("Content-Encoding") == encoding
                    assert "Accept-Encoding" in answer.headers["Vary"]
                    sizes[f"{path} {encoding}"] = int(answer.headers["Content-Length"])
                    assert await answer.read()
            async with page.session.get(
                page.address + "/page/icon-192.png", headers=named
            ) as answer:
                assert "Content-Encoding" not in answer.headers
    assert sizes[f"{STYLE} gzip"] < 0.5 * sizes[f"{STYLE} None"]


async def test_the_forms_of_a_file_have_tags_of_their_own() -> None:
    async with visited() as page:
        tags = set()
        for accepted in ("gzip", "identity"):
            named = {"Accept-Encoding": accepted}
            async with page.session.get(page.address + "/", headers=named) as answer:
                tags.add(answer.headers["ETag"])
        assert len(tags) == 2


def test_the_page_has_no_style_or_script_of_its_own() -> None:
    html = (STATIC / "index.html").read_text()
    assert not re.search(r" style=| on[a-z]+=|javascript:", html)
    for content in re.findall(r"<(?:style|script).*?>(.*?)</", html):
        assert re.fullmatch(r"{{\w+}}", content)


async def test_words_come_in_the_language_of_the_browser() -> None:
    async with visited() as page:
        for header, language in (
            ("de-CH,de;q=0.9,en;q=0.8", "de"),
            ("zh-Hans-CN,zh", "zh"),
            ("tlh,xx-!?,en-US", "en"),
            ("", "en"),
        ):
            named = {"Accept-Language": header}
            async with page.session.get(page.address + "/page/words", headers=named) as answer:
                words = await answer.json()
            assert words["language"] == language
        async with page.session.get(page.address + "/page/words?language=de") as answer:
            assert (await answer.json())["send"] == "Senden"


def used_words() -> set[str]:
    """Return the keys of the words that the page uses."""
    html = (STATIC / "index.html").read_text()
    used = set(re.findall(r'data-(?:word|label)="(\w+)"', html))
    for script in SCRIPTS:
        used |= set(re.findall(r'\bword\("(\w+)"', script.read_text()))
        used |= set(re.findall(r'\bshowState\("(\w+)"', script.read_text()))
        used |= set(re.findall(r'"(look_[a-z_]+)"', script.read_text()))
    for cause in ("insecure", "unsupported", "refused", "missing", "busy", "lost"):
        used.add(f"microphone_{cause}")
    used |= {f"waiting_{attention}" for attention in ("asked", "voice", "wake")}
    for section in re.findall(r'\["(\w+)", "/api/', (STATIC / "look.js").read_text()):
        used.add(f"look_{section}")
    used |= {f"look_part_{part}" for part in ("endpoint", "asr", "llm", "tts", "answer")}
    used |= {f"look_kind_{kind}" for kind in get_args(Kind)}
    used |= {"listening", "thinking", "speaking", "asr", "llm", "tts", "speaker", "turn"}
    return used


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_each_language_has_all_words(language: str) -> None:
    words, english = words_for(language), words_for("en")
    assert words["language"] == language
    assert used_words() - set(words) == set()
    assert {key for key in words if key.startswith("look_")} - used_words() == set()
    assert set(words) == set(english)
    if language != "en":
        same = {key for key, text in words.items() if text == english[key]}
        assert same <= {"timer", "suggestions", "quoted"}
    for key, text in words.items():
        if isinstance(text, str):
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english[key])), key


def test_the_manifest_names_files_that_exist() -> None:
    manifest = json.loads((STATIC / "app.webmanifest").read_text())
    for icon in manifest["icons"]:
        assert (STATIC / icon["src"]).is_file()


def test_the_service_worker_stores_what_the_page_needs_to_start() -> None:
    names = re.search(r"FILES = \[(.*?)\]", (STATIC / "worker.js").read_text())
    assert names is not None
    sound = (STATIC / "sound.js").read_text()
    needed = set(re.findall(r'addModule\(beside\("(.+?)"\)', sound))
    assert len(needed) == 2
    assert set(re.findall(r'"([^"]+)"', names[1])) == needed
