"""The others of the group, and talking to them: who is there, and what all of them are told."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from time import monotonic
from typing import Literal

from satellite.arbitration.election import Announcement
from satellite.arbitration.multicast import MulticastNetwork, interfaces
from satellite.arbitration.peers import Address, Peer, Peers
from satellite.arbitration.protocol import Claim, Message, Seal
from satellite.net.allowed import Allowed
from satellite.settings import Settings

_LOGGER = logging.getLogger(__name__)

ASKS = (0.0, 0.3, 0.7)
"""Seconds after the start at which it is asked who is there."""

HERE = (3.0, 5.0)
"""Least and most seconds between two times that the others are told that we are there: not always
the same, so that satellites started at once do not always speak at once."""

GREET = 1.0
"""Seconds in which one that asks is answered once."""

SPREAD = 2
"""Times that a claim is sent to all: every time it is sent to those who are known."""

FAREWELLS = 3
"""Times that a farewell is said."""

Kind = Literal["here", "ask", "gone", "claim", "answer"]


class Group:
    """This satellite's place in its group; `claimed` is called with what others claim or answer."""

    def __init__(
        self, settings: Settings, busy: Callable[[], bool], claimed: Callable[[Claim, bool], None]
    ) -> None:
        self.id = secrets.token_hex(8)
        """Who we are, until this process ends."""
        self._settings = settings
        self._busy = busy
        self._claimed = claimed
        self._seal = Seal(settings.rooms.group)
        self._allowed = Allowed(settings.allow)
        self._neighbours = Peers()
        self._network: MulticastNetwork | None = None
        self._sent = 0
        self._spread: tuple[int, str, int] = (0, "", 0)
        """Of which wake what was sent to all, and how often."""

    @property
    def joined(self) -> bool:
        """There is a network, and others might be there."""
        return self._network is not None

    def others(self) -> list[Peer]:
        """Who is there that is to be believed."""
        now = monotonic()
        return self._neighbours.present(now) if self._neighbours.believed(now) else []

    def name(self, satellite: str | None) -> str:
        """What another satellite is called."""
        return self._neighbours.name(satellite)

    def yielded(self, to: str) -> None:
        """A wake was left to another, called `to`."""
        if self._neighbours.yielded(monotonic()):
            _LOGGER.warning(
                "other satellites answer more wake words than anybody says, %s the last: none of "
                "them is listened to for a while (a phrase as rooms.group keeps strangers out)",
                to,
            )

    async def run(self) -> None:
        """Be there until cancelled; returns, with a warning, where there is no network."""
        port = self._settings.rooms.port
        network = MulticastNetwork(port, self._hear)
        try:
            network.open()
        except OSError as error:
            problem = error.strerror or error
            _LOGGER.warning("satellites in other rooms cannot be heard: UDP %d: %s", port, problem)
            return
        self._network = network
        try:
            await self._be_there(network)
        finally:
            for _ in range(FAREWELLS):
                self._tell_all(network, self._write("gone"))
            self._network = None
            network.close()

    def listen(self) -> None:
        """Hear what others have said by now, before anything is decided."""
        if self._network is not None:
            self._network.read()

    def tell(self, told: Announcement) -> None:
        """Tell everybody of a wake of ours."""
        if self._network is None:
            return
        event, kind, times = self._spread
        if (event, kind) != (told.claim.event, told.kind):
            times = 0
        self._spread = told.claim.event, told.kind, times + 1
        self._tell_all(self._network, self._write(told.kind, told.claim), all_=times < SPREAD)

    async def _be_there(self, network: MulticastNetwork) -> None:
        random = secrets.SystemRandom()
        before = 0.0
        for after in ASKS:
            await asyncio.sleep(after - before)
            before = after
            await self._look(network)
            self._tell_all(network, self._write("ask"))
        while True:
            await asyncio.sleep(random.uniform(*HERE))
            await self._look(network)
            self._tell_all(network, self._write("here"))

    async def _look(self, network: MulticastNetwork) -> None:
        """Join the networks that there are now: Wi-Fi often comes up later than a satellite."""
        try:
            network.join(await asyncio.to_thread(interfaces))
        except OSError as error:
            _LOGGER.debug("this machine's networks cannot be listed now: %s", error)

    def _hear(self, datagram: bytes, address: Address) -> None:
        message = self._seal.read(datagram)
        if message is None or message.satellite == self.id or str(address[0]) not in self._allowed:
            return
        now = monotonic()
        if not self._neighbours.admits(now):
            return
        known = self._neighbours.hear(now, message, address)
        if known is None:
            return
        if message.kind == "ask" or not known.greeted:
            self._greet(known, now)
        if message.claim is not None and self._neighbours.believed(now):
            self._claimed(message.claim, message.kind == "answer")

    def _greet(self, known: Peer, now: float) -> None:
        if self._network is None or (known.greeted and now - known.greeted < GREET):
            return
        known.greeted = now
        for address in known.addresses:
            self._network.send(self._write("here"), address)

    def _tell_all(self, network: MulticastNetwork, datagram: bytes, all_: bool = True) -> None:
        if all_:
            network.spread(datagram)
        for neighbour in self._neighbours.present(monotonic()):
            for address in neighbour.addresses:
                network.send(datagram, address)

    def _write(self, kind: Kind, claim: Claim | None = None) -> bytes:
        self._sent += 1
        name = self._settings.name[:64] or "satellite"
        return self._seal.write(
            Message(kind, self.id, self._sent, name, busy=self._busy(), claim=claim)
        )
