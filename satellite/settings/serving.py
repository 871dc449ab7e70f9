"""Servers: ours, those of the LAN, and the models."""

from __future__ import annotations

from typing import Annotated

from satellite.options import OptionSet, option


class ModelSettings(OptionSet, frozen=True):
    """Where the engines' models lie, and where they may be fetched from."""

    folder: Annotated[str, option("Folder of the models; the user's data folder by default")] = ""
    offline: Annotated[bool, option("Fetch no models: no network contact for them")] = False
    endpoint: Annotated[
        str, option("Mirror of Hugging Face; HF_ENDPOINT or https://huggingface.co by default")
    ] = ""
    ollama: Annotated[
        str, option("Where Ollama is; OLLAMA_HOST or http://127.0.0.1:11434 by default")
    ] = ""


class ServerSettings(OptionSet, frozen=True):
    """Everything that can be set for `--server`."""

    roles: Annotated[tuple[str, ...], option("Roles served: asr, llm, tts, wake")] = (
        "asr",
        "llm",
        "tts",
    )
    host: Annotated[str, option("Address to listen on")] = "0.0.0.0"
    asr_port: Annotated[int, option("TCP port of speech-to-text", minimum=0, maximum=65535)] = 10300
    llm_port: Annotated[int, option("TCP port of the brain", minimum=0, maximum=65535)] = 10600
    tts_port: Annotated[int, option("TCP port of text-to-speech", minimum=0, maximum=65535)] = 10200
    wake_port: Annotated[int, option("TCP port of wake words", minimum=0, maximum=65535)] = 10400
    uri: Annotated[str, option("One role at this URI instead: stdio://, unix://PATH, tcp://")] = ""
    advertise: Annotated[tuple[str, ...], option("Addresses to announce; all by default")] = ()
    workers: Annotated[int, option("Requests a role works on at once", minimum=1)] = 2
    waiting: Annotated[
        int, option("Requests a role keeps waiting before it is busy", minimum=0)
    ] = 16
    connections: Annotated[int, option("Connections a role accepts at once", minimum=1)] = 64
    tls_port: Annotated[
        int, option("TCP port for paired satellites, in TLS", minimum=0, maximum=65535)
    ] = 10800
    metrics: Annotated[
        int, option("TCP port of metrics for Prometheus; 0 for none", minimum=0, maximum=65535)
    ] = 0
    metrics_host: Annotated[str, option("Address where metrics are told")] = "127.0.0.1"


class ServersSettings(OptionSet, frozen=True):
    """Which servers of the LAN are used, where a role's component is `auto`."""

    pin: Annotated[
        tuple[str, ...],
        option("Servers asked first, best first: names, hosts, or tcp:// addresses, found or not"),
    ] = ()
    exclude: Annotated[
        tuple[str, ...], option("Servers never asked: names, hosts or tcp:// addresses")
    ] = ()
    models: Annotated[
        tuple[str, ...], option("Models or engines wished for: who has one is asked first")
    ] = ()
