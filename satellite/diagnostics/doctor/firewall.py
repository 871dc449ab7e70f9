"""The firewall of this machine: whether it lets in what the satellite needs."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import msgspec

from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.expected_ports import wanted
from satellite.diagnostics.doctor.finding import Finding, note, ok, warning
from satellite.lib import privileges
from satellite.lib.daemon_thread import program

MDNS = 5353
"""UDP port of multicast DNS."""

_REFUSALS = {"drop", "reject"}


class Gate(msgspec.Struct, frozen=True):
    """A port that others must reach."""

    protocol: str
    port: int
    what: str


class Rule(msgspec.Struct, frozen=True):
    """A rule for what comes in, as far as it matters here."""

    verdict: str
    """`accept`, `drop` or `reject`."""
    protocol: str = ""
    ports: tuple[tuple[int, int], ...] = ()
    """Ranges of destination ports; none means all."""
    narrow: bool = False
    """It holds only for some senders, interfaces or states."""

    def concerns(self, gate: Gate) -> bool:
        """Whether it is about that port."""
        fits = self.protocol in ("", gate.protocol)
        return fits and any(low <= gate.port <= high for low, high in self.ports)


class Chain(msgspec.Struct, frozen=True):
    """The rules for what comes in, in their order, and what becomes of the rest."""

    name: str
    policy: str
    rules: tuple[Rule, ...]

    def closed(self, gate: Gate) -> bool:
        """Whether a port is kept shut. A rule that holds for some only is taken for an opening."""
        for rule in self.rules:
            if rule.concerns(gate):
                return rule.verdict in _REFUSALS
            if not rule.ports and not rule.protocol and not rule.narrow:
                return rule.verdict in _REFUSALS
        return self.policy in _REFUSALS


async def firewall(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Which of the ports are kept shut; what cannot be read is said."""
    gates = _gates(case)
    ufw = await program(["ufw", "status"], root=True)
    if ufw is not None and ufw.code == 0 and "Status: active" in ufw.output:
        opened = ufw.output
        shut = [gate for gate in gates if not in_ufw(opened, gate)]
        for finding in judge("ufw", gates, shut, "ufw allow {port}/{protocol}"):
            yield finding
        return
    answer = await program(["nft", "-j", "list", "ruleset"], root=True)
    if answer is not None and answer.code == 0:
        chains = nft_chains(answer.output)
        shut = [gate for gate in gates if any(chain.closed(gate) for chain in chains)]
        name = chains[0].name if chains else ""
        opening = f"nft insert rule {name} {{protocol}} dport {{port}} accept"
        for finding in judge("nftables", gates, shut, opening):
            yield finding
        return
    answer = await program(["iptables", "-S", "INPUT"], root=True)
    if answer is not None and answer.code == 0:
        chain = iptables_chain(answer.output)
        shut = [gate for gate in gates if chain.closed(gate)]
        opening = "iptables -I INPUT -p {protocol} --dport {port} -j ACCEPT"
        for finding in judge("iptables", gates, shut, opening):
            yield finding
        return
    if not privileges.root_owned():
        yield note("firewall", "its rules can be read by root only", "", "sudo satellite doctor")
    else:
        yield ok("firewall", "none found (no ufw, nft or iptables)")


def judge(name: str, gates: list[Gate], shut: list[Gate], opening: str) -> Iterator[Finding]:
    """What a firewall keeps shut, each with the command that opens it."""
    for gate in shut:
        yield warning(
            "firewall",
            f"{name} keeps {gate.protocol} port {gate.port} shut ({gate.what})",
            "Others do not reach it: Home Assistant cannot connect, or nothing is found.",
            "sudo " + opening.format(port=gate.port, protocol=gate.protocol),
        )
    if not shut:
        ports = ", ".join(str(gate.port) for gate in gates)
        yield ok("firewall", f"{name} keeps none of the ports {ports} shut")


def nft_chains(text: str) -> list[Chain]:
    """The input chains of `nft -j list ruleset`."""
    try:
        items: list[dict[str, Any]] = msgspec.json.decode(text)["nftables"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return []
    chains = []
    for item in items:
        head = item.get("chain", {})
        if head.get("hook") != "input":
            continue
        place = (head["family"], head["table"], head["name"])
        rules = [
            rule
            for other in items
            if (raw := other.get("rule"))
            and (raw["family"], raw["table"], raw["chain"]) == place
            and (rule := _nft_rule(raw.get("expr", [])))
        ]
        chains.append(Chain(" ".join(place), head.get("policy", "accept"), tuple(rules)))
    return chains


def iptables_chain(text: str) -> Chain:
    """The chain of `iptables -S INPUT`."""
    policy, rules = "accept", []
    for line in text.splitlines():
        if line.startswith("-P INPUT"):
            policy = line.split()[2].lower()
        verdict = re.search(r"-j (ACCEPT|DROP|REJECT)\b", line)
        if not verdict:
            continue
        protocol = re.search(r"-p (\w+)", line)
        ports = re.search(r"--dports? (\S+)", line)
        narrow = re.search(r" -(s|i|m (conntrack|state|mac|pkttype))\b", line) is not None
        rules.append(
            Rule(
                verdict[1].lower(),
                protocol[1] if protocol else "",
                _ranges(ports[1].replace(":", "-").split(",")) if ports else (),
                narrow,
            )
        )
    return Chain("INPUT", policy, tuple(rules))


def _nft_rule(expressions: list[dict[str, Any]]) -> Rule | None:
    verdict, protocol, narrow = "", "", False
    ports: tuple[tuple[int, int], ...] = ()
    for expression in expressions:
        kind, body = next(iter(expression.items()))
        if kind in ("accept", "drop", "reject"):
            verdict = kind
        elif kind == "match":
            payload = body.get("left", {}).get("payload", {}) if isinstance(body, dict) else {}
            if payload.get("field") == "dport":
                protocol = payload.get("protocol", "")
                ports = _nft_ports(body.get("right"))
            else:
                narrow = True
    return Rule(verdict, protocol, ports, narrow) if verdict else None


def _nft_ports(right: Any) -> tuple[tuple[int, int], ...]:
    """Port numbers of a match: one, a range, or a set of both."""
    if isinstance(right, int):
        return ((right, right),)
    if isinstance(right, dict) and "range" in right:
        low, high = right["range"]
        return ((int(low), int(high)),)
    if isinstance(right, dict) and "set" in right:
        return tuple(pair for part in right["set"] for pair in _nft_ports(part))
    return ()


def _ranges(parts: list[str]) -> tuple[tuple[int, int], ...]:
    found = []
    for part in parts:
        low, _, high = part.partition("-")
        if low.isdigit():
            found.append((int(low), int(high or low)))
    return tuple(found)


def _gates(case: ExaminationInput) -> list[Gate]:
    gates = [Gate("tcp", want.port, want.what) for want in wanted(case.settings)]
    return [*gates, Gate("udp", MDNS, "multicast DNS")] if case.settings.zeroconf else gates


def in_ufw(status: str, gate: Gate) -> bool:
    """Whether `ufw status` has a rule that lets a port in (ufw itself lets multicast DNS in)."""
    if gate.port == MDNS:
        return True
    for line in status.splitlines():
        words = line.split()
        if len(words) > 1 and "ALLOW" in words[1:3]:
            port, _, protocol = words[0].partition("/")
            if port == "Anywhere":
                return True
            if protocol in ("", gate.protocol) and any(
                low <= gate.port <= high for low, high in _ranges(port.replace(":", "-").split(","))
            ):
                return True
    return False
