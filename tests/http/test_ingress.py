"""Home Assistant's ingress: who may connect, what headers are worth, who may frame the page."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from satellite.errors import ConfigError, PortInUse
from satellite.http.auth import Arrival, Caller, Guard, Refusal
from satellite.http.connections import listening_socket
from satellite.http.ingress import ingress_server
from satellite.http.page.document import POLICY
from satellite.http.token import Token
from satellite.settings import HttpSettings
from tests.support.http_door import open_door
from tests.support.ingress import PATH, SESSION, SUPERVISOR, TOKEN, ingress
from tests.support.ports import free_port

FORGED = {
    "X-Ingress-Path": PATH,
    "X-Remote-User-Id": "5ba7a3d2",
    "X-Hass-Source": "core.ingress",
    "X-Forwarded-Host": "homeassistant.local:8123",
    "X-Forwarded-For": SUPERVISOR,
}
"""All that the Supervisor sends, from a stranger."""

COOKIE = {"Cookie": f"ingress_session={SESSION}"}


def judged(arrival: Arrival | None = None, **headers: str) -> str | int:
    """Return how a caller is known, or the status of the refusal."""
    named = {name.replace("_", "-").title(): text for name, text in headers.items()}
    usual = {"Host": "homeassistant.local:8123", "X-Ingress-Path": PATH}
    sent = {name: text for name, text in {**usual, **named}.items() if text}
    at = arrival or Arrival("172.30.32.2", ingress=True)
    found = Guard(Token("0123456789abcdef0123"), name="den").judge(sent, at)
    assert isinstance(found, Caller | Refusal)
    return found.how if isinstance(found, Caller) else found.status


def test_a_user_of_home_assistant_is_let_in_under_any_name_of_it() -> None:
    for host in ("homeassistant.local:8123", "10.0.0.4:8123", "ha.example.org", "xyz.ui.nabu.casa"):
        assert judged(host=host) == "ingress"
        assert judged(host=host, origin=f"https://{host}") == "ingress"
        assert judged(host=host, origin="https://evil.example") == 403
    behind = {"host": "10.0.0.4:8123", "x_forwarded_host": "Ha.example.org"}
    assert judged(**behind, origin="https://ha.example.org") == "ingress"
    assert judged(**behind, origin="https://ha.example.org.evil") == 403
    assert judged(sec_fetch_site="cross-site", sec_fetch_mode="no-cors") == 403
    assert judged(origin="null") == 403


@pytest.mark.parametrize(
    "path", ["", "/", "/api/hassio_ingress/", "/api/hassio_ingress/a b", "//x"]
)
def test_what_the_supervisor_sends_of_itself_is_not_a_user(path: str) -> None:
    assert judged(x_ingress_path=path) == 403


def test_its_headers_are_worth_nothing_at_other_ports() -> None:
    forged = {name.replace("-", "_").lower(): text for name, text in FORGED.items()}
    for address in ("127.0.0.1", "172.30.32.2"):
        for secure in (False, True):
            at = Arrival(address, secure=secure)
            assert judged(at, **{**forged, "host": "127.0.0.1:10780"}) == 401


async def test_a_stranger_gets_nothing_whatever_he_sends(tmp_path: Path) -> None:
    port = free_port()
    async with (
        open_door(tmp_path, ingress_port=port, ingress_peer=SUPERVISOR) as door,
        ingress(port) as house,
        aiohttp.ClientSession(headers=FORGED) as stranger,
        aiohttp.ClientSession(headers=COOKIE) as user,
    ):
        for path in ("/", "/api/state", "/api/login"):
            with pytest.raises(aiohttp.ClientConnectionError):
                await stranger.get(f"http://127.0.0.1:{port}{path}")
        async with stranger.get(f"{door.local}/api/state") as answer:
            assert answer.status == 401, "and at the port for programs, no more than before"
        async with stranger.get(f"{house.address}{PATH}/api/state") as answer:
            assert answer.status == 401, "Home Assistant knows no session of his"
        async with user.get(f"{house.address}{PATH}/api/state") as answer:
            assert await answer.json() == {"how": "ingress"}
        async with user.get(f"{house.address}{PATH}/api/login") as answer:
            assert await answer.json() == {"allowed": True, "how": "ingress", "secure": False}
        evil = {"Origin": "https://evil.example"}
        async with user.post(f"{house.address}{PATH}/api/take", data=b"x", headers=evil) as answer:
            assert (answer.status, door.received) == (403, [])
        async with user.ws_connect(f"{house.address}{PATH}/talk") as socket:
            await socket.send_bytes(b"sound")
            assert (await socket.receive()).data == b"heard"
        assert TOKEN not in str(door.received)


async def test_only_home_assistant_may_frame_the_page(tmp_path: Path) -> None:
    port = free_port()
    framed = {}
    async with (
        open_door(tmp_path, ingress_port=port, ingress_peer=SUPERVISOR) as door,
        ingress(port) as house,
        aiohttp.ClientSession(headers=COOKIE) as user,
    ):
        for base in (door.local, f"{house.address}{PATH}"):
            async with user.get(f"{base}/api/state") as answer:
                framed[base] = answer.headers["X-Frame-Options"]
    assert list(framed.values()) == ["DENY", "SAMEORIGIN"]
    assert "frame-ancestors 'none'" in POLICY


async def test_without_the_setting_nothing_is_trusted(tmp_path: Path) -> None:
    assert HttpSettings().ingress_port == 0
    assert HttpSettings().ingress_peer == "172.30.32.2"
    async with (
        open_door(tmp_path) as door,
        aiohttp.ClientSession(headers=FORGED) as stranger,
        stranger.get(f"{door.local}/api/state") as answer,
    ):
        assert answer.status == 401


@pytest.mark.parametrize("peer", ["", "private", "172.30.32.0/24", "supervisor"])
def test_a_peer_that_is_no_single_machine_is_refused(peer: str) -> None:
    wanted = HttpSettings(ingress_port=free_port(), ingress_peer=peer)
    with pytest.raises(ConfigError, match=r"http\.ingress_peer.*not the address of one machine"):
        ingress_server(wanted, lambda: pytest.fail("it was asked"))


def test_a_port_that_is_taken_is_named() -> None:
    with listening_socket("127.0.0.1", 0) as other:
        wanted = HttpSettings(ingress_port=other.getsockname()[1], ingress_peer=SUPERVISOR)
        with pytest.raises(PortInUse, match=r"http\.ingress_port"):
            ingress_server(wanted, lambda: pytest.fail("it was asked"))
