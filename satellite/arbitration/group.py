"""The group of satellites in a home: presence, and the exchange of messages."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from time import monotonic

from satellite.arbitration.election import BidAnnouncement
from satellite.arbitration.multicast import MulticastNetwork, interfaces
from satellite.arbitration.peers import FEW, Peer, PeerTable, SocketAddress
from satellite.arbitration.protocol import Claim, GroupMessage, MessageKind, Seal
from satellite.net.allowed import AllowedNetworks
from satellite.net.pairing import Pairing
from satellite.net.pairing.errors import KeysUnusable
from satellite.net.pairing.exchange import printable
from satellite.net.pairing.group_phrases import GroupPhrases
from satellite.net.refusals import Refusals
from satellite.settings import RoomsSettings, Settings
from satellite.text.reason_of import reason_of

_LOGGER = logging.getLogger(__name__)

ASKS = (0.0, 0.3, 0.7)
"""Seconds after the start at which the other satellites are asked for."""

PRESENCE = (3.0, 5.0)
"""Least and most seconds between two announcements of this satellite: random, so that satellites
started at the same time do not always send at the same time."""

GREET = 1.0
"""Seconds within which a satellite that asks is answered once."""

MULTICASTS = 2
"""Repeats of a claim that are multicast; every repeat is sent to the known satellites directly."""

FAREWELLS = 3
"""Repeats of the farewell."""

REMEDY = "pair the satellites, or set rooms.group to a phrase, to keep strangers out"


class Group:
    """The membership of this satellite in its group.

    `busy` returns whether this satellite is in a turn; `on_claim` is called with each claim of
    another satellite, and with True where that one has decided to answer.
    """

    def __init__(
        self, settings: Settings, busy: Callable[[], bool], on_claim: Callable[[Claim, bool], None]
    ) -> None:
        self.id = secrets.token_hex(8)
        """Id of this satellite until the process ends."""
        self._settings = settings
        self._busy = busy
        self._on_claim = on_claim
        self._phrases = GroupPhrases(Pairing(settings.pairing).keys)
        self._phrases_stamp: object = None
        self._default = Seal(settings.rooms.group)
        self._seals: tuple[Seal, ...] = (self._default,)
        self._allowed = AllowedNetworks(settings.allow)
        self._peers = PeerTable()
        self._refusals = Refusals("rooms")
        self._network: MulticastNetwork | None = None
        self._sent = 0
        self._repeats: tuple[int, str, int] = (0, "", 0)
        """The wake and the kind of the last announcement, and how often it was sent."""

    @property
    def joined(self) -> bool:
        """Whether this satellite is connected to a network."""
        return self._network is not None

    def others(self) -> list[Peer]:
        """Return the satellites that are present; none while the group is distrusted."""
        now = monotonic()
        self._warn_of_doubted(now)
        return self._peers.believed_ones(now) if self._peers.trusted(now) else []

    def name(self, satellite: str | None) -> str:
        """Return the name of another satellite."""
        return self._peers.name(satellite)

    def expect_turn(self, satellite: str | None) -> None:
        """Expect a turn of the satellite to which a wake was left, by its id."""
        self._peers.note_left(monotonic(), satellite or "")

    def yielded(self, satellite: str | None) -> None:
        """Note that a spoken word was left to another satellite, by its id."""
        to = self.name(satellite)
        if self._peers.note_yield(monotonic()):
            _LOGGER.warning(
                "other satellites answer more wake words than people say, %s the latest: all are "
                "ignored for two minutes (%s)",
                to,
                REMEDY,
            )

    async def run(self) -> None:
        """Take part until cancelled; return, with a warning, if there is no network."""
        port = self._settings.rooms.port
        network = MulticastNetwork(port, self._receive)
        try:
            network.open()
        except OSError as error:
            problem = reason_of(error)
            _LOGGER.warning(
                "cannot reach satellites in other rooms: UDP port %d: %s", port, problem
            )
            return
        self._network = network
        try:
            await self._stay_present(network)
        finally:
            for _ in range(FAREWELLS):
                self._send_all(network, self._encode("gone"))
            self._network = None
            network.close()

    def read(self) -> None:
        """Read the messages that have arrived, before anything is decided."""
        if self._network is not None:
            self._network.read()

    def announce(self, announcement: BidAnnouncement) -> None:
        """Send an announcement of a wake to all satellites of the group."""
        if self._network is None:
            return
        event, kind, times = self._repeats
        if (event, kind) != (announcement.claim.event, announcement.kind):
            times = 0
        self._repeats = announcement.claim.event, announcement.kind, times + 1
        datagrams = self._encode(announcement.kind, announcement.claim)
        self._send_all(self._network, datagrams, multicast=times < MULTICASTS)

    def _read_phrases(self) -> None:
        """Replace the default name of the group by the phrases that paired machines share."""
        if self._settings.rooms.group != RoomsSettings().group:
            return
        stamp = self._phrases.stamp
        if stamp == self._phrases_stamp:
            return
        self._phrases_stamp = stamp
        try:
            phrases = self._phrases.all()
        except KeysUnusable as error:
            _LOGGER.warning("the phrase of the paired satellites cannot be read: %s", error)
            return
        if phrases:
            self._seals = tuple(Seal(phrase) for phrase in phrases)
            _LOGGER.info("rooms: agreeing with the satellites that share a pairing, and no others")
        else:
            self._seals = (self._default,)

    async def _stay_present(self, network: MulticastNetwork) -> None:
        random = secrets.SystemRandom()
        await asyncio.to_thread(self._read_phrases)
        before = 0.0
        for after in ASKS:
            await asyncio.sleep(after - before)
            before = after
            await self._join_networks(network)
            self._send_all(network, self._encode("ask"))
        while True:
            await asyncio.sleep(random.uniform(*PRESENCE))
            await asyncio.to_thread(self._read_phrases)
            await self._join_networks(network)
            self._send_all(network, self._encode("here"))

    async def _join_networks(self, network: MulticastNetwork) -> None:
        """Join the networks that are up now: Wi-Fi often comes up later than a satellite."""
        try:
            network.join(await asyncio.to_thread(interfaces))
        except OSError as error:
            _LOGGER.debug("cannot list the networks of this machine: %s", error)

    def _receive(self, datagram: bytes, address: SocketAddress) -> None:
        opened = (seal.read(datagram) for seal in self._seals)
        message = next((message for message in opened if message is not None), None)
        now = monotonic()
        if message is None:
            self._warn_of_strangers(datagram, now)
            return
        if message.satellite == self.id or str(address[0]) not in self._allowed:
            return
        if not self._peers.admits(now):
            return
        peer = self._peers.note(now, message, address)
        if peer is None:
            return
        if message.kind == "ask" or peer.greeted_at is None:
            self._greet(peer, now)
        self._warn_of_doubted(now)
        if message.claim is None or not self._peers.trusted(now):
            return
        if self._peers.believed(now, message.satellite):
            self._on_claim(message.claim, message.kind == "answer")

    def _warn_of_strangers(self, datagram: bytes, now: float) -> None:
        """Report satellites that share no pairing with this one: both would answer."""
        if self._default in self._seals or (message := self._default.read(datagram)) is None:
            return
        name = printable(message.name)
        self._refusals.log(
            now,
            "unpaired",
            name,
            f"{name} is a satellite in the default group, and this one agrees with paired ones "
            "only: both may answer a wake word; pair it with the same server",
        )

    def _warn_of_doubted(self, now: float) -> None:
        for satellite in self._peers.note_outcomes(now):
            _LOGGER.warning(
                "%s has won %d wake words and had no turn: wake words are not left to it any more, "
                "until it has one (%s)",
                self.name(satellite),
                FEW,
                REMEDY,
            )

    def _greet(self, peer: Peer, now: float) -> None:
        recently = peer.greeted_at is not None and now - peer.greeted_at < GREET
        if self._network is None or recently:
            return
        peer.greeted_at = now
        for address in peer.addresses:
            for datagram in self._encode("here"):
                self._network.send(datagram, address)

    def _send_all(
        self, network: MulticastNetwork, datagrams: Sequence[bytes], multicast: bool = True
    ) -> None:
        for datagram in datagrams:
            if multicast:
                network.send_to_group(datagram)
            for peer in self._peers.present(monotonic()):
                for address in peer.addresses:
                    network.send(datagram, address)

    def _encode(self, kind: MessageKind, claim: Claim | None = None) -> tuple[bytes, ...]:
        """Return the datagrams of a message, one for each name of the group."""
        self._sent += 1
        name = self._settings.name[:64] or "satellite"
        message = GroupMessage(kind, self.id, self._sent, name, busy=self._busy(), claim=claim)
        return tuple(seal.write(message) for seal in self._seals)
