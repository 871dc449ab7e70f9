"""The files of the page: small, all our own, and named in every language."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from yarl import URL

from satellite.http.page.static_files import StaticFiles
from satellite.http.page.words import words_for
from tests.http.page.visitor import visited

MOST = 150_000
"""Bytes of the page in all."""

STATIC = files("satellite.http.page") / "static"
STYLE = "/page/0123456789abcdef/style.css"
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
            found = re.findall(r'(?:src|href)="(page/[^"]+)"', await answer.text())
        assert len(found) > 10
        for path in ["/", *(f"/{name}" for name in found)]:
            async with page.session.get(page.address + path) as answer:
                assert answer.status == 200
                lasting = "immutable" in answer.headers["Cache-Control"]
                versioned = path.endswith((".js", ".css"))
                assert lasting == versioned == ("/" in path.removeprefix("/page/")[1:])
                if path != "/page/words":
                    policy = answer.headers["Content-Security-Policy"]
                    assert "default-src 'none'" in policy
                    assert "unsafe" not in policy
                known = {"If-None-Match": answer.headers["ETag"]}
            async with page.session.get(page.address + path, headers=known) as answer:
                assert answer.status == 304


def imported(name: str) -> set[str]:
    """Return a script and all that it imports before it runs, and what those import."""
    found, new = set[str](), {name}
    while new:
        found |= new
        texts = [(STATIC / one).read_text() for one in new]
        new = {one for t in texts for one in re.findall(r'^import .* from "\./(.+)";', t, re.M)}
        new -= found
    return found


def test_every_module_is_asked_for_at_once() -> None:
    """A module that is found only in another one costs a load one more turn to the server."""
    html = (STATIC / "index.html").read_text()
    preloaded = re.findall(r'rel="modulepreload" href="page/{version}/(.+)"', html)
    assert len(set(preloaded)) == len(preloaded)
    assert {*preloaded, "app.js"} == imported("app.js")


async def test_a_file_of_another_version_is_the_present_one_and_not_stored() -> None:
    async with visited() as page:
        for path, status in (
            ("0123456789abcdef/style.css", 200),
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


def test_the_page_has_no_style_or_script_inline() -> None:
    html = (STATIC / "index.html").read_text()
    assert not re.search(r"<style|<script(?! type=\"module\" src)| style=| on[a-z]+=", html)


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
        assert same <= {"timer", "suggestions"}
    for key, text in words.items():
        if isinstance(text, str):
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english[key])), key


def test_the_manifest_names_files_that_exist() -> None:
    manifest = json.loads((STATIC / "app.webmanifest").read_text())
    for icon in manifest["icons"]:
        assert (STATIC / icon["src"]).is_file()


def test_the_service_worker_stores_what_the_page_needs_to_start() -> None:
    script = (STATIC / "worker.js").read_text()
    names = re.search(r"FILES = \[(.*?)\]", script)
    assert names is not None
    needed = imported("app.js") | {"style.css", "capture.js", "player.js"}
    assert set(re.findall(r'"([^"]+)"', names[1])) == needed
