"""Checks of settings that need more than a type: components, URIs, roles."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterator, Mapping

from satellite import options
from satellite.audio.cues import Cues
from satellite.builtin.wake.sensitivity import levels_of
from satellite.components import spec
from satellite.config.keys import ASSISTANTS, DEFAULT, VOICES
from satellite.errors import ConfigError, PluginBroken, PluginUnknown
from satellite.homeassistant.client import address as home_address
from satellite.languages import codes
from satellite.net import allowed, uri
from satellite.net.discovery import names
from satellite.net.mcp import checks as mcp_checks
from satellite.ports import ENGINE_ROLES, ROLES, TURN_ROLES
from satellite.settings import Settings
from satellite.settings.serving import LOCAL_POOL
from satellite.text.quoted import quoted

_LOGGER = logging.getLogger(__name__)

COMPONENT_ROLES = tuple(role for role in ROLES if role != "hook")
"""Roles whose component is the setting of the same name."""


def problems(settings: Settings, origins: Mapping[str, str]) -> list[str]:
    """Every problem of the settings, each with the origin of the value."""
    found: list[str] = []
    for role in COMPONENT_ROLES:
        found += [f"{origins[role]}: {text}" for text in component(role, getattr(settings, role))]
    for hook in settings.hooks:
        found += [f"{origins['hooks']}: {text}" for text in component("hook", hook)]
    found += [f"{origins['allow']}: {text}" for text in allowed.problems(settings.allow)]
    found += _sensitivities(settings, origins)
    found += _languages(settings, origins)
    found += _cues(settings, origins)
    found += _assistants(settings, origins)
    found += _voices(settings, origins)
    found += _home_assistant(settings, origins)
    found += _named_servers(settings, origins)
    for text in settings.announce.others:
        origin = f"{origins['announce.others']}: announce.others"
        found += [f"{origin}: {problem}" for problem in address(text)]
    for group in ("server", "homeassistant"):
        for text in getattr(settings, group).advertise:
            origin = f"{origins[f'{group}.advertise']}: {group}.advertise"
            found += [f"{origin}: {problem}" for problem in announced(text)]
    if settings.home.url:
        origin = f"{origins['home.url']}: home.url"
        found += [f"{origin}: {text}" for text in home(settings.home.url)]
    found += _mcp(settings, origins)
    found += _server(settings, origins)
    return found


def _named_servers(settings: Settings, origins: Mapping[str, str]) -> Iterator[str]:
    for name in ("pin", "exclude"):
        for text in getattr(settings.servers, name):
            if "://" in text:
                origin = f"{origins[f'servers.{name}']}: servers.{name}"
                yield from (f"{origin}: {problem}" for problem in address(text))
    for text in settings.servers.dns:
        try:
            names.check(text)
        except ConfigError as error:
            origin = f"{origins['servers.dns']}: servers.dns"
            yield from (f"{origin}: {problem}" for problem in error.problems)


def _sensitivities(settings: Settings, origins: Mapping[str, str]) -> Iterator[str]:
    try:
        levels_of(settings.listen.sensitivities)
    except ValueError as error:
        yield f"{origins['listen.sensitivities']}: listen.sensitivities: {error}"


def _languages(settings: Settings, origins: Mapping[str, str]) -> Iterator[str]:
    if problem := language(settings.language):
        yield f"{origins['language']}: language: {problem}"
    for name, assistant in settings.assistants.items():
        if assistant.language and (problem := language(assistant.language)):
            key = f"{ASSISTANTS}.{name}.language"
            yield f"{origins[key]}: {key}: {problem}"


def language(text: str) -> str | None:
    """Return the problem of a language; None for a code such as `de`, `pt-BR` or `zh_TW.UTF-8`.

    Whether an engine knows the language is another question, which is answered at the start.
    """
    if codes.well_formed(text):
        return None
    from satellite.languages import pack  # 15 ms, for a mistake only

    try:
        about = {code: found.about for code in pack.installed() if (found := pack.find(code))}
    except PluginBroken as error:
        _LOGGER.debug("names of languages not read: %s", error)
        about = {}
    names = {name.casefold(): code for code, a in about.items() for name in (a.english, a.name)}
    if code := names.get(text.casefold()):
        return f"{quoted(text)} is no code of a language: did you mean {code}?"
    return (
        f"{quoted(text)} is no code of a language, such as {', '.join(list(about)[:3])}: "
        "satellite languages lists those that are built in"
    )


def _cues(settings: Settings, origins: Mapping[str, str]) -> Iterator[str]:
    try:
        Cues(settings.cues.folder)
    except ConfigError as error:
        origin = f"{origins['cues.folder']}: cues.folder"
        yield from (f"{origin}: {problem}" for problem in error.problems)


def _assistants(settings: Settings, origins: Mapping[str, str]) -> Iterator[str]:
    taken: dict[str, str] = {}
    for name, assistant in settings.assistants.items():
        table = f"{ASSISTANTS}.{name}"
        for role in TURN_ROLES:
            if text := getattr(assistant, role):
                origin = f"{origins[f'{table}.{role}']}: {table}"
                yield from (f"{origin}.{problem}" for problem in component(role, text))
        for word in assistant.wake or (name,):
            if (other := taken.setdefault(word, name)) != name:
                origin = f"{origins[f'{table}.wake']}: {table}.wake"
                yield f"{origin}: {word} is the wake word of assistants.{other} already"


def _voices(settings: Settings, origins: Mapping[str, str]) -> Iterator[str]:
    for name, voice in settings.voices.items():
        table = f"{VOICES}.{name}"
        if not voice.ref_audio_path.strip():
            named = [origins[f"{table}.{field}"] for field in voice.__struct_fields__]
            origin = next((origin for origin in named if origin != "default"), "default")
            yield (
                f"{origin}: {table}.ref_audio_path is missing: the clip's path on the server of "
                "GPT-SoVITS"
            )


def _mcp(settings: Settings, origins: Mapping[str, str]) -> Iterator[str]:
    for name, server in settings.mcp.items():
        table = f"mcp.{name}"
        own = (origins[key] for key in origins if key.startswith(f"{table}."))
        origin = next(text for text in own if text != DEFAULT)
        yield from (f"{origin}: {table}.{problem}" for problem in mcp_checks.problems(name, server))
    if settings.home.mcp and not settings.home.url:
        yield f"{origins['home.mcp']}: home.mcp: set home.url, the address of Home Assistant"


def _server(settings: Settings, origins: Mapping[str, str]) -> Iterator[str]:
    server = settings.server
    known = dict.fromkeys(ENGINE_ROLES)
    for role in server.roles:
        if role not in known:
            text = options.unknown_name(role, known)
            yield f"{origins['server.roles']}: server.roles: {text}"
    if not server.roles:
        yield f"{origins['server.roles']}: server.roles names no role"
    if server.pool != LOCAL_POOL:
        origin = f"{origins['server.pool']}: server.pool"
        yield from (f"{origin}: {text}" for text in plugin("pool", server.pool))
    if server.uri:
        origin = f"{origins['server.uri']}: server.uri"
        yield from (f"{origin}: {text}" for text in address(server.uri, stdio=True))
        if len(server.roles) > 1:
            names = ",".join(server.roles)
            yield f"{origin} serves one role, not {names}: name it, as in --server asr"


def home(url: str) -> Iterator[str]:
    """Yield the problems of the address of a Home Assistant."""
    try:
        home_address.parse(url)
    except ConfigError as error:
        yield from error.problems


def announced(text: str) -> Iterator[str]:
    """Yield the problems of an address to announce."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        yield f"{quoted(text)} is no IP address, such as 192.168.1.20: no names are announced"


def _home_assistant(settings: Settings, origins: Mapping[str, str]) -> Iterator[str]:
    listen = settings.homeassistant.listen
    if listen:
        origin = f"{origins['homeassistant.listen']}: homeassistant.listen"
        yield from (f"{origin}: {text}" for text in address(listen))
    elif settings.brain == "homeassistant":
        yield (
            f"{origins['brain']}: brain = homeassistant, but homeassistant.listen is empty: "
            "Home Assistant could not reach us"
        )


def component(role: str, text: str) -> Iterator[str]:
    """Yield the problems of a component of a role, each with the name of the role.

    A plugin that cannot be imported is not reported here, but where it is used.
    """
    if len(links := spec.chain(role, text)) > 1:
        for link in links:
            yield from component(role, link)
        return
    if text == spec.AUTO and role != "hook":
        return
    if spec.is_uri(text):
        if role in ENGINE_ROLES:
            yield from (f"{role}: {problem}" for problem in address(text))
        else:
            yield f"{role}: {quoted(text)}: a {role} cannot be a Wyoming service, only a plugin"
        return
    yield from plugin(role, text)


def plugin(role: str, text: str) -> Iterator[str]:
    """Yield the problems of a plugin and its options, as `component`."""
    try:
        spec.parse(text)
    except ConfigError as error:
        yield from (f"{role}: {problem}" for problem in error.problems)
        return
    try:
        spec.read_options(role, text)
    except PluginBroken as error:
        _LOGGER.debug("options not checked: %s", error)
    except ConfigError as error:  # its problems name the role
        yield from error.problems
    except PluginUnknown as error:  # as above
        yield str(error)


def address(text: str, *, stdio: bool = False) -> Iterator[str]:
    """Yield the problems of a Wyoming URI; `stdio://` is valid for a server only."""
    try:
        parsed = uri.parse(text)
    except ConfigError as error:
        yield from error.problems
        return
    if isinstance(parsed, uri.Stdio) and not stdio:
        yield f"{quoted(text)} is where a server serves; an engine is reached by tcp:// or unix://"
