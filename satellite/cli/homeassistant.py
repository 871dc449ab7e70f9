"""`satellite homeassistant`: shows by which protocol Home Assistant uses the satellite, and its
key."""

from __future__ import annotations

import click

from satellite.cli import command, flags
from satellite.cli.page import qr_code
from satellite.cli.screen import echo, print_json, print_text
from satellite.errors import UsageError
from satellite.homeassistant.esphome import messages
from satellite.homeassistant.esphome.door import chosen_door
from satellite.homeassistant.esphome.identity import Identity, key_of
from satellite.net.uri import Tcp, parse
from satellite.requirements import install_command
from satellite.settings import Settings


@command.command()
@command.option("--key", "shown", is_flag=True, help="Show the key; make one if there is none")
@command.option("--set-key", "chosen", metavar="KEY", help="Use this key, 32 bytes in base64")
@command.option(
    "--forget-key",
    "forgotten",
    is_flag=True,
    help="Forget the key, so that Home Assistant can make another one",
)
@flags.common
@flags.as_json
@click.pass_context
def homeassistant(context: click.Context, shown: bool, chosen: str | None, forgotten: bool) -> None:
    """Show how Home Assistant uses this satellite.

    By ESPHome's API, Home Assistant encrypts by itself when it adds a satellite that has no key.
    With a key of its own (--key, as a line and a QR code) a satellite asks for it there.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    if sum((shown, chosen is not None, forgotten)) > 1:
        raise click.UsageError("--key, --set-key and --forget-key exclude each other")
    identity = Identity(settings.name)
    if chosen is not None:
        if (key := key_of(chosen)) is None:
            raise UsageError("the key is not 32 bytes in base64: satellite homeassistant --key")
        identity.set_key(key)
    elif forgotten:
        identity.set_key(b"")
    elif shown and not identity.key:
        identity.make_key()
    if invocation.json:
        print_json(_facts(settings, identity, with_key=shown))
        return
    _show(settings, identity)
    if shown or chosen is not None:
        print_text(f"The key: {identity.key_text}")
        if drawn := qr_code(identity.key_text):
            echo(f"\n{drawn}\n")
        print_text("Home Assistant asks for it when it adds the satellite, or connects again.")


def _facts(settings: Settings, identity: Identity, with_key: bool) -> dict[str, object]:
    facts: dict[str, object] = {
        "protocol": chosen_door(settings, identity),
        "used": identity.door,
        "name": identity.name,
        "mac": identity.mac,
        "encrypted": bool(identity.key),
    }
    return {**facts, "key": identity.key_text} if with_key else facts


def _show(settings: Settings, identity: Identity) -> None:
    door = chosen_door(settings, identity)
    if door == "wyoming":
        command = install_command("esphome")
        why = "" if messages.installed() else f"; for ESPHome's API: {command}"
        print_text(f"Home Assistant uses this satellite by Wyoming (homeassistant.protocol){why}")
        print_text(f"To add it by hand: Wyoming Protocol, {_place(settings.homeassistant.listen)}")
        return
    print_text("Home Assistant uses this satellite by ESPHome's API (homeassistant.protocol)")
    print_text(f"Device: {identity.name}, address {identity.mac}")
    print_text(f"To add it by hand: ESPHome, {_place(settings.homeassistant.esphome)}")
    if identity.key:
        print_text("Connections are encrypted, and need the key (--key shows it)")
    else:
        print_text("It has no key yet: Home Assistant makes one when it adds the satellite")


def _place(uri: str) -> str:
    """Return what one types for a port in Home Assistant."""
    address = parse(uri) if uri else None
    if not isinstance(address, Tcp):
        return "no port is open (homeassistant.listen, homeassistant.esphome)"
    return f"the address of this machine, port {address.port}"
