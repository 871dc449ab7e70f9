"""Settings of servers and models."""

from __future__ import annotations

from typing import Annotated

from satellite.options import OptionSet, option


class ModelSettings(OptionSet, frozen=True):
    """The models of the engines and their sources."""

    folder: Annotated[str, option("Folder of the models; the user's data folder by default")] = ""
    offline: Annotated[bool, option("Download no models and make no network request for them")] = (
        False
    )
    endpoint: Annotated[
        str, option("Mirror of Hugging Face; HF_ENDPOINT or https://huggingface.co by default")
    ] = ""
    ollama: Annotated[
        str, option("Address of Ollama; OLLAMA_HOST or http://127.0.0.1:11434 by default")
    ] = ""


LOCAL_POOL = "local"
"""The value of `server.pool` for engines in the server's own process."""


class ServerSettings(OptionSet, frozen=True):
    """The settings of `--server`."""

    roles: Annotated[tuple[str, ...], option("Roles to serve: asr, llm, tts, wake")] = (
        "asr",
        "llm",
        "tts",
    )
    host: Annotated[str, option("Address to listen on")] = "0.0.0.0"
    asr_port: Annotated[int, option("TCP port of speech-to-text", minimum=0, maximum=65535)] = 10300
    llm_port: Annotated[int, option("TCP port of the language model", minimum=0, maximum=65535)] = (
        10600
    )
    tts_port: Annotated[int, option("TCP port of text-to-speech", minimum=0, maximum=65535)] = 10200
    wake_port: Annotated[int, option("TCP port of wake words", minimum=0, maximum=65535)] = 10400
    uri: Annotated[
        str, option("URI to serve a single role on instead: stdio://, unix://PATH, tcp://")
    ] = ""
    advertise: Annotated[tuple[str, ...], option("Addresses to announce; all by default")] = ()
    workers: Annotated[int, option("Requests that a role processes at a time", minimum=1)] = 2
    waiting: Annotated[
        int, option("Requests that a role queues before it reports that it is busy", minimum=0)
    ] = 16
    pool: Annotated[
        str,
        option("Where engines run: local, or ray[:HOST:PORT][?replicas=N&most=N&roles=asr,tts]"),
    ] = LOCAL_POOL
    connections: Annotated[int, option("Connections that a role accepts at a time", minimum=1)] = 64
    drain: Annotated[
        float,
        option(
            "Time that a stopping server gives to the requests under way, while it refuses others",
            unit="s",
            minimum=0,
        ),
    ] = 0.0
    tls_port: Annotated[
        int, option("TCP port for paired satellites, by TLS", minimum=0, maximum=65535)
    ] = 10800
    http_port: Annotated[
        int,
        option("TCP port of the server's HTTP API; 0 for none", minimum=0, maximum=65535),
    ] = 10790
    https_port: Annotated[
        int,
        option(
            "TCP port of HTTPS for browsers that have logged in by `satellite page`; 0 for none",
            minimum=0,
            maximum=65535,
        ),
    ] = 10791
    metrics: Annotated[
        int, option("TCP port of the metrics for Prometheus; 0 for none", minimum=0, maximum=65535)
    ] = 0
    metrics_host: Annotated[str, option("Address to serve the metrics on")] = "127.0.0.1"


class ServersSettings(OptionSet, frozen=True):
    """Choice among the servers of the LAN for roles whose component is `auto`."""

    pin: Annotated[
        tuple[str, ...],
        option(
            "Servers to use first, best first: names, hosts or tcp:// addresses, discovered or not"
        ),
    ] = ()
    exclude: Annotated[
        tuple[str, ...], option("Servers never to use: names, hosts or tcp:// addresses")
    ] = ()
    dns: Annotated[
        tuple[str, ...],
        option(
            "Names of DNS whose servers are used as those found on the LAN, and followed as they "
            "change: tcp://NAME:PORT for all addresses of a name, _wyoming._tcp.DOMAIN for SRV"
        ),
    ] = ()
    models: Annotated[
        tuple[str, ...], option("Preferred models or engines: servers that have one are used first")
    ] = ()
