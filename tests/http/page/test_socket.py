"""Browsers at the page's WebSocket: each a satellite of its own, and none a burden."""

from __future__ import annotations

import asyncio
import json
import socket

import aiohttp
import pytest

from satellite.http.page import house, messages, outgoing
from satellite.http.page.socket import FULL, SUPERSEDED, WRONG
from satellite.values import Action
from tests.http.page.visitor import visited
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.speech import noise, speak


async def test_a_written_request_is_answered_in_text_and_sound() -> None:
    llm = ScriptedLlm([["It is ", "noon."]])
    async with visited(llm) as page, page.visitor(name="phone", area="kitchen") as browser:
        welcome = (await browser.until(lambda: browser.of("welcome")))[0]
        assert (welcome["rate"], welcome["satellite"]) == (24_000, "den")
        await browser.send("ask", text="what time is it")
        assert await browser.answer() == "It is noon."
        await browser.until(lambda: browser.of("turn_end"))
        assert len(browser.sound) > 4800
    (request,) = llm.requests
    assert (request.text, request.situation.satellite) == ("what time is it", "phone")
    assert request.situation.area == "kitchen"


async def test_a_request_that_is_held_ends_with_the_button_and_not_at_a_pause() -> None:
    asr = ScriptedAsr(["what|what time is it"])
    spoken = speak("what time is it") + bytes(2 * 16_000 * 2) + speak("in Paris")
    async with visited(asr=asr) as page, page.visitor() as browser:
        await browser.until(lambda: browser.of("timers"))
        await browser.send("listen")
        for start in range(0, len(spoken), 1024):
            await browser.socket.send_bytes(spoken[start : start + 1024])
        await browser.send("end")
        await browser.answer()
    (heard,) = asr.heard
    assert len(heard) >= len(spoken) - 2048


async def test_any_voice_begins_a_request_where_the_hands_are_free() -> None:
    async with visited() as page, page.visitor(attention="voice") as browser:
        await browser.until(lambda: browser.of("timers"))
        sound = noise(0.5, 0.001) + speak("what time is it") + noise(2.0, 0.001)
        for start in range(0, len(sound), 1024):
            await browser.socket.send_bytes(sound[start : start + 1024])
            await asyncio.sleep(0.002)
        await browser.answer()
        await browser.send("set", attention="asked")
        count = len(browser.of("turn_end"))
        for start in range(0, len(sound), 1024):
            await browser.socket.send_bytes(sound[start : start + 1024])
        await browser.send("ask", text="hello")
        await browser.until(lambda: len(browser.of("turn_end")) > count)
        assert len(browser.of("speech_start")) == 1


async def test_an_answer_is_interrupted_at_once_and_its_sound_forgotten() -> None:
    tts = ScriptedTts(20.0)
    llm = ScriptedLlm([["A long story."]])
    async with visited(llm, tts=tts) as page, page.visitor() as browser:
        await browser.send("ask", text="tell me a story")
        await browser.until(lambda: browser.sound)
        await browser.send("stop")
        await browser.until(lambda: browser.of("hush"))
        (end,) = await browser.until(lambda: browser.of("turn_end"))
        assert end["outcome"] == "cancelled"
        assert len(browser.sound) <= 24_000 * 2 * 3
        await browser.send("played", epoch=0, samples=5)  # late, of what is forgotten
        before = len(browser.sound)
        await browser.send("ask", text="and now")
        await browser.until(lambda: len(browser.sound) > before)


async def test_browsers_have_their_own_conversations_timers_and_turns() -> None:
    llm = ScriptedLlm([["One."], ["Two."]])
    async with visited(llm) as page, page.visitor("a") as first, page.visitor("b") as second:
        await first.send("ask", text="first")
        assert await first.answer() == "One."
        await second.send("ask", text="second")
        assert await second.answer() == "Two."
        assert [reply["text"] for reply in first.of("reply") if reply["final"]] == ["One."]
    assert llm.requests[1].history == ()


async def test_the_browser_alone_stores_the_conversation_and_brings_it_back() -> None:
    llm = ScriptedLlm([["Berlin."]])
    said = [
        {"role": "user", "text": "where is it"},
        {"role": "assistant", "text": "In Germany."},
    ]
    async with visited(llm) as page, page.visitor(history=said) as browser:
        await browser.send("ask", text="and its capital")
        await browser.answer()
        await browser.send("clear")
        await browser.send("ask", text="hello")
        await browser.answer(1)
    assert [message.text for message in llm.requests[0].history] == ["where is it", "In Germany."]
    assert llm.requests[1].history == ()


async def test_a_timer_is_shown_paused_and_survives_a_lost_connection() -> None:
    llm = ScriptedLlm()
    async with visited(llm) as page:
        async with page.visitor() as browser:
            await browser.until(lambda: browser.of("timers"))
        llm.replies = [[Action(name="timer.start", data={"seconds": 300, "name": "tea"}), "Set."]]
        async with page.visitor() as browser:
            await browser.send("ask", text="set a timer")
            shown = await browser.until(
                lambda: [event for event in browser.of("timers") if event["timers"]]
            )
            (timer,) = shown[-1]["timers"]
            assert (timer["name"], timer["total"]) == ("tea", 300)
            await browser.send("timer", id=timer["id"], action="pause")
            await browser.until(
                lambda: any(t["paused"] for e in browser.of("timers") for t in e["timers"])
            )
        async with page.visitor() as browser:
            (again,) = (await browser.until(lambda: browser.of("timers")))[0]["timers"]
            assert (again["name"], again["paused"]) == ("tea", True)
            await browser.send("timer", id=again["id"], action="cancel")
            await browser.until(lambda: browser.of("timers")[-1]["timers"] == [])


async def test_the_same_tab_has_one_connection_and_the_newest_one() -> None:
    async with visited() as page, page.visitor() as former:
        await former.until(lambda: former.of("welcome"))
        async with page.visitor() as newer:
            await newer.until(lambda: newer.of("welcome"))
            assert await former.until(lambda: former.closed) == SUPERSEDED
            await newer.send("ask", text="hello")
            await newer.answer()


async def test_there_are_no_more_browsers_than_a_house_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(house, "MOST", 1)
    async with visited() as page:
        async with page.visitor("a") as first:
            await first.until(lambda: first.of("welcome"))
            async with page.visitor("b") as second:
                assert await second.until(lambda: second.closed) == FULL
        async with asyncio.timeout(5):
            while page.house.tabs:
                await asyncio.sleep(0.01)
        async with page.visitor("c") as third:
            await third.until(lambda: third.of("welcome"))


@pytest.mark.parametrize(
    "wrong",
    [
        "no JSON",
        "[]",
        '{"type": "ask"}',
        '{"type": "set", "speed": 1e9}',
        '{"type": "set", "volume": "loud"}',
        '{"type": "timer", "id": "1", "action": "add", "seconds": 1e400}',
        '{"type": "played", "epoch": -1, "samples": 0}',
        '{"type": "hello", "id": "aaaaaaaaaaaaaaaa"}',
        json.dumps({"type": "ask", "text": "x" * (messages.TEXT + 1)}),
        "[" * 10_000,
    ],
)
async def test_a_wrong_message_ends_its_own_connection_only(wrong: str) -> None:
    async with visited() as page, page.visitor("a") as good, page.visitor("b") as bad:
        await bad.until(lambda: bad.of("welcome"))
        await bad.socket.send_str(wrong)
        assert await bad.until(lambda: bad.closed) == WRONG
        await good.send("ask", text="hello")
        await good.answer()


async def test_a_huge_message_and_a_flood_of_sound_cost_nothing() -> None:
    async with visited() as page, page.visitor("a") as good, page.visitor("b") as bad:
        await bad.until(lambda: bad.of("welcome"))
        for _ in range(200):
            await bad.socket.send_bytes(bytes(32_000))
        await bad.socket.send_bytes(bytes(messages.LARGEST + 1))
        assert await bad.until(lambda: bad.closed) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        await good.send("ask", text="hello")
        await good.answer()


async def test_a_browser_that_does_not_say_hello_is_not_served() -> None:
    async with (
        visited() as page,
        page.session.ws_connect(f"{page.address}/page/socket") as socket,
    ):
        await socket.send_bytes(b"\0\0")
        reason = await socket.receive_json(timeout=5)  # for those whose proxy hides the code
        assert reason == {"event": "closing", "code": WRONG, "reason": "say hello first"}
        message = await socket.receive(timeout=5)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, WRONG)


async def test_a_browser_that_does_not_read_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "PATIENCE", 0.3)
    monkeypatch.setattr(outgoing, "MOST", 1 << 16)
    async with visited(ScriptedLlm([["long " * 3000] * 60])) as page:
        address = page.address.removeprefix("http://").partition(":")
        plug = socket.socket()
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plug.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plug, (address[0], int(address[2])))
        reader, writer = await asyncio.open_connection(sock=plug, limit=1024)
        head = (
            f"GET /page/socket HTTP/1.1\r\nHost: {address[0]}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        writer.write(head.encode())
        for text in (
            json.dumps({"type": "hello", "id": "z" * 16, "speaks": False}),
            json.dumps({"type": "ask", "text": "talk"}),
        ):
            writer.write(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text.encode())
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(10):
            while "z" * 16 not in page.house.tabs:
                await asyncio.sleep(0.01)
            while "z" * 16 in page.house.tabs:
                await asyncio.sleep(0.02)
        writer.close()


async def test_a_page_of_another_site_cannot_connect() -> None:
    async with visited() as page:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as failure:
                await page.session.ws_connect(f"{page.address}/page/socket", headers=headers)
            assert failure.value.status == 403


async def test_browsers_learn_that_the_program_ends() -> None:
    async with visited() as page, page.visitor() as browser:
        await browser.until(lambda: browser.of("welcome"))
        page.house.close()
        assert await browser.until(lambda: browser.closed) == aiohttp.WSCloseCode.GOING_AWAY


async def test_choices_are_what_there_is_and_change_the_next_turn() -> None:
    llm, tts = ScriptedLlm(), ScriptedTts()
    async with visited(llm, tts=tts) as page, page.visitor() as browser:
        choices = (await browser.until(lambda: browser.of("welcome")))[0]["choices"]
        assert [choice["name"] for choice in choices["models"]] == ["script"]
        assert [choice["name"] for choice in choices["languages"]] == ["en"]
        await browser.send("set", model="script", voice="script", name="tablet")
        await browser.until(lambda: len(browser.of("timers")) > 1)
        await browser.send("ask", text="hello")
        await browser.answer()
        await browser.until(lambda: browser.of("turn_end"))
        await browser.send("set", speaks=False)
        before = len(tts.requests)
        await browser.send("ask", text="hello")
        await browser.until(lambda: len(browser.of("turn_end")) == 2)
        assert len(tts.requests) == before
    assert (llm.requests[0].model, llm.requests[0].situation.satellite) == ("script", "tablet")
    assert tts.requests[0].voice == "script"
