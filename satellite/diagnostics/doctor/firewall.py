"""The firewall of this machine: whether it lets in what the satellite needs."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator
from functools import partial

import msgspec

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.port_checks import expected_ports, is_taken
from satellite.homeassistant.esphome.door import chosen_door
from satellite.homeassistant.esphome.identity import Identity
from satellite.http.browsers import Browsers
from satellite.http.door import Door, satellite_door, server_door
from satellite.lib import privileges
from satellite.lib.daemon_thread import program, run_in_daemon_thread
from satellite.lib.finding import Finding, note, ok, warning
from satellite.lib.platform import system
from satellite.net.uri import Tcp, parse
from satellite.settings import Settings

MDNS = 5353
"""UDP port of multicast DNS."""

_VERDICT = re.compile(r"\b(?:(accept)|drop|reject)\b", re.IGNORECASE)
_POLICY = re.compile(r"policy (\w+);|^-P INPUT")
_PORTS = re.compile(r"dports? (\{[^}]*\}|\S+)")
_EVERYTHING = re.compile(
    r"(-A INPUT -j |counter packets \d+ bytes \d+ )?(accept|drop|reject)\b", re.I
)
"""A rule for all packets."""
_RANGE = re.compile(r"(\d+)(?:[-:](\d+))?")
_TABLE = re.compile(r"^table (\S+ \S+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_CHAIN = re.compile(r"^\tchain (\S+) \{\n(.*?)^\t\}", re.MULTILINE | re.DOTALL)


class Gate(msgspec.Struct, frozen=True):
    """A port that other machines must reach."""

    protocol: str
    port: int
    purpose: str


async def firewall(context: Context) -> AsyncGenerator[Finding, None]:
    """Report the ports that the firewall blocks, or that its rules cannot be read."""
    gates = await _gates(context)
    ufw = await program(["ufw", "status"], root=True)
    if ufw is not None and ufw.code == 0 and "Status: active" in ufw.output:
        blocked = [gate for gate in gates if not ufw_allows(ufw.output, gate)]
        for finding in judge("ufw", gates, blocked, "ufw allow {port}/{protocol}"):
            yield finding
        return
    nft = await program(["nft", "list", "ruleset"], root=True)
    if nft is not None and nft.code == 0:
        chains = dict(nft_input_chains(nft.output))
        blocked = [gate for gate in gates if any(blocks(rules, gate) for rules in chains.values())]
        name = next(iter(chains), "")
        opening = f"nft insert rule {name} {{protocol}} dport {{port}} accept"
        for finding in judge("nftables", gates, blocked, opening):
            yield finding
        return
    iptables = await program(["iptables", "-S", "INPUT"], root=True)
    if iptables is not None and iptables.code == 0:
        blocked = [gate for gate in gates if blocks(iptables.output, gate)]
        opening = "iptables -I INPUT -p {protocol} --dport {port} -j ACCEPT"
        for finding in judge("iptables", gates, blocked, opening):
            yield finding
    else:
        yield _unread()


async def _gates(context: Context) -> list[Gate]:
    """Return the ports that other machines must reach now."""
    gates = [Gate("tcp", port.number, port.purpose) for port in expected_ports(context.settings)]
    if context.settings.zeroconf:
        gates.append(Gate("udp", MDNS, "multicast DNS"))
    if await run_in_daemon_thread(partial(_by_esphome, context.settings)):
        port = parse(context.settings.homeassistant.esphome)
        if isinstance(port, Tcp):
            gates.append(Gate("tcp", port.port, "the satellite, for Home Assistant by ESPHome"))
    if Browsers(context.pairing.keys).expected():
        gates += [
            Gate("tcp", door.https_port, f"browsers that use the {door.of}")
            for door in (satellite_door(context.settings), server_door(context.settings))
            if door.https_port and await run_in_daemon_thread(partial(_is_open, door))
        ]
    return gates


def _unread() -> Finding:
    """Return why there are no rules to judge."""
    if not system.is_linux():
        return note("firewall", f"the doctor cannot read that of {system.full_name()}")
    if not privileges.root_owned():
        return note(
            "firewall", "only root can read its rules", "", "sudo satellite doctor firewall"
        )
    return ok("firewall", "none found (no ufw, nft or iptables)")


def _by_esphome(settings: Settings) -> bool:
    return chosen_door(settings, Identity(settings.name)) == "esphome"


def _is_open(door: Door) -> bool:
    return is_taken("0.0.0.0", door.https_port)


def judge(name: str, gates: list[Gate], blocked: list[Gate], opening: str) -> Iterator[Finding]:
    """Judge the blocked ports; `opening` is the command that opens {port} of {protocol}."""
    for gate in blocked:
        yield warning(
            "firewall",
            f"{name} blocks {gate.protocol} port {gate.port} ({gate.purpose})",
            "Other machines cannot reach it: Home Assistant cannot connect, or finds nothing.",
            "sudo " + opening.format(port=gate.port, protocol=gate.protocol),
        )
    if not blocked:
        ports = ", ".join(str(gate.port) for gate in gates)
        yield ok("firewall", f"{name} blocks none of the ports {ports}")


def nft_input_chains(ruleset: str) -> Iterator[tuple[str, str]]:
    """Yield name and rules of the chains for incoming packets, from `nft list ruleset`."""
    for table, chains in _TABLE.findall(ruleset):
        for chain, rules in _CHAIN.findall(chains):
            if "hook input" in rules:
                yield f"{table} {chain}", rules


def blocks(rules: str, gate: Gate) -> bool:
    """Return whether the rules of a chain, as nft or iptables lists them, block a port.

    The first rule about the port decides, then the policy. Rules for some senders, interfaces or
    states only are passed over.
    """
    blocked = False
    for line in map(str.strip, rules.splitlines()):
        verdict = _VERDICT.search(line)
        if verdict is None:
            continue
        refused = verdict[1] is None
        if _POLICY.search(line):
            blocked = refused
        elif ports := _PORTS.search(line):
            other = "udp" if gate.protocol == "tcp" else "tcp"
            if _includes(ports[1], gate.port) and not re.search(rf"\b{other}\b", line):
                return refused
        elif _EVERYTHING.match(line):
            return refused
    return blocked


def ufw_allows(status: str, gate: Gate) -> bool:
    """Return whether `ufw status` lets a port in (ufw itself lets multicast DNS in)."""
    if gate.port == MDNS:
        return True
    rules = re.findall(r"^(\S+?)(?:/(tcp|udp))?\s+(?:\(v6\)\s+)?ALLOW", status, re.MULTILINE)
    return any(
        protocol in ("", gate.protocol) and (ports == "Anywhere" or _includes(ports, gate.port))
        for ports, protocol in rules
    )


def _includes(ports: str, port: int) -> bool:
    """Return whether a list of ports and ranges, as in `22,10000:11000`, includes a port."""
    return any(int(low) <= port <= int(high or low) for low, high in _RANGE.findall(ports))
