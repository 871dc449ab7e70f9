"""Settings of the satellite and of `--server`, typed; every field is a flag or a key, or both."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from satellite.options import OptionSet, option

USUAL_AREAS = ("living room", "kitchen", "bedroom", "bathroom", "office", "hallway", "garage")
USUAL_NAMES = ("lamp", "light", "lights", "fan", "television", "heater", "radio", "coffee machine")


class ListenSettings(OptionSet, frozen=True):
    """When an utterance begins and ends."""

    preroll: Annotated[
        float, option("Sound kept from before the wake word was known", unit="s", minimum=0)
    ] = 0.3
    silence: Annotated[
        float, option("Silence that ends an utterance", unit="s", minimum=0.1, maximum=10)
    ] = 0.7
    minimum: Annotated[
        float, option("Voice shorter than this is a noise", unit="s", minimum=0, maximum=5)
    ] = 0.2
    maximum: Annotated[
        float, option("An utterance ends after this in any case", unit="s", minimum=1, maximum=120)
    ] = 15.0
    nothing_said: Annotated[
        float, option("Wait this long for the first word", unit="s", minimum=0.5, maximum=60)
    ] = 5.0
    threshold: Annotated[
        float, option("Voice probability that counts as voice", minimum=0, maximum=1)
    ] = 0.5
    barge_in: Annotated[bool, option("The wake word stops a reply and listens anew")] = True
    stop_words: Annotated[
        bool,
        option('"Stop", "cancel" and "never mind" end what is said or rung, without a wake word'),
    ] = True
    follow_up: Annotated[
        Literal["never", "question", "always"],
        option("After which answers to listen again without the wake word: those that ask, or all"),
    ] = "question"


class SoundSettings(OptionSet, frozen=True):
    """What is done to the microphone's sound before anybody listens to it."""

    echo_cancellation: Annotated[
        bool,
        option("Take our own speaker out of it, where it is heard and the sound server does not"),
    ] = True
    noise_suppression: Annotated[
        int, option("How much noise is taken out, 0 for none", minimum=0, maximum=4)
    ] = 0
    auto_gain: Annotated[
        float,
        option("How much quiet voices are amplified at most", unit="dB", minimum=0, maximum=50),
    ] = 0.0
    mic_volume: Annotated[
        float, option("Factor by which it is made louder", minimum=0, maximum=100)
    ] = 1.0
    mic_channel: Annotated[
        int,
        option("Channel of a microphone with several, from 1; 0 for all", minimum=0, maximum=32),
    ] = 0


class HomeSettings(OptionSet, frozen=True):
    """Which home is connected, and what can be named in requests to it."""

    url: Annotated[str, option("Home Assistant to be used, as http://homeassistant.local:8123")] = (
        ""
    )
    token_file: Annotated[
        str, option("File with its long-lived access token; else SATELLITE_HOME_TOKEN has it")
    ] = ""
    areas: Annotated[
        tuple[str, ...], option("Names of rooms, beside those of a home connected")
    ] = USUAL_AREAS
    names: Annotated[tuple[str, ...], option("Names of things to switch, likewise")] = USUAL_NAMES


class DeadlineSettings(OptionSet, frozen=True):
    """How long a stage of a turn may keep everybody waiting."""

    asr: Annotated[
        float, option("From the end of the utterance to its text", unit="s", minimum=0.1)
    ] = 15.0
    llm: Annotated[
        float, option("To the reply's first words, and between two", unit="s", minimum=0.1)
    ] = 30.0
    tts: Annotated[
        float, option("To a sentence's first sound, and between two", unit="s", minimum=0.1)
    ] = 10.0
    speaker: Annotated[
        float, option("For the speaker to take more sound", unit="s", minimum=0.1)
    ] = 10.0


class CueSettings(OptionSet, frozen=True):
    """Short sounds that say what is happening."""

    folder: Annotated[
        str, option("Folder with sounds of your own, each by its name: awake.wav, error.wav, …")
    ] = ""
    awake: Annotated[bool, option("Sound when the wake word was heard")] = True
    done: Annotated[bool, option("Sound when the request was taken in")] = False
    error: Annotated[bool, option("Sound when something failed")] = True
    follow_up: Annotated[bool, option("Sound when an answer is waited for")] = True
    mute: Annotated[bool, option("Sound when the microphone is closed or opened by wish")] = True
    timer: Annotated[float, option("Longest ring of a timer or an alarm", unit="s", minimum=1)] = (
        900.0
    )


class DuckingSettings(OptionSet, frozen=True):
    """What other programs on PulseAudio or PipeWire do while somebody is heard or answered."""

    enabled: Annotated[
        bool, option("Make other programs quieter while listening, thinking and speaking")
    ] = True
    level: Annotated[
        float,
        option("What is left of others' volume; 0.45 of it is 20 dB less", minimum=0, maximum=1),
    ] = 0.45
    fade: Annotated[
        float, option("From their own volume to that, and back", unit="s", minimum=0, maximum=5)
    ] = 0.2
    spared: Annotated[
        tuple[str, ...], option("Programs that are left alone, as the sound server names them")
    ] = ()


class RecordingSettings(OptionSet, frozen=True):
    """What is kept of what was heard, to find out what goes wrong; nothing by default."""

    turns: Annotated[bool, option("Record what was said in turns, from before the wake word")] = (
        False
    )
    near_misses: Annotated[
        bool, option("Record what was like a wake word, and was not taken for it")
    ] = False
    folder: Annotated[
        str, option("Folder of the recordings; in the user's data folder by default")
    ] = ""
    count: Annotated[int, option("Turns kept, and near misses kept", minimum=1)] = 200
    megabytes: Annotated[int, option("Size of all of them", unit="MB", minimum=1)] = 200
    days: Annotated[float, option("They are deleted after so long", unit="days", minimum=0)] = 14.0


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


HOME_ASSISTANT_PORT = "tcp://0.0.0.0:10700"
"""Where Home Assistant looks for a Wyoming satellite that it is told of by hand."""


class HomeAssistantSettings(OptionSet, frozen=True):
    """What Home Assistant may do with this satellite."""

    listen: Annotated[str, option("Address at which Home Assistant reaches us; empty for none")] = (
        HOME_ASSISTANT_PORT
    )
    advertise: Annotated[tuple[str, ...], option("Addresses to announce; all by default")] = ()
    wake: Annotated[
        Literal["here", "stream", "voice"],
        option(
            "Who hears the wake word: we do; or Home Assistant, sent all sound (stream) or only "
            "what is said (voice)"
        ),
    ] = "here"
    chime: Annotated[bool, option("Sound before an announcement")] = True
    patience: Annotated[
        float,
        option("Silence within a turn after which it is lost", unit="s", minimum=0.2, maximum=10),
    ] = 1.0
    answer: Annotated[
        float, option("From what was understood to its answer", unit="s", minimum=1)
    ] = 30.0


class LimitSettings(OptionSet, frozen=True):
    """What peers may ask of this machine's ports; of times, 0 is no limit."""

    header: Annotated[int, option("Longest line of an event", unit="bytes", minimum=1024)] = 65536
    data: Annotated[int, option("Longest data of an event", unit="bytes", minimum=1024)] = 262144
    payload: Annotated[int, option("Longest payload of an event", unit="bytes", minimum=65536)] = (
        4194304
    )
    depth: Annotated[int, option("Deepest nesting of an event's data", minimum=8)] = 32
    values: Annotated[int, option("Most values in an event's data", minimum=1000)] = 50000
    events: Annotated[
        float, option("Events read from one peer in the long run", unit="1/s", minimum=100)
    ] = 1000.0
    frame: Annotated[
        float, option("From an event's first byte to its last", unit="s", minimum=1)
    ] = 30.0
    write: Annotated[float, option("For a peer to read what it is sent", unit="s", minimum=1)] = (
        60.0
    )
    first: Annotated[float, option("For a new peer's first event", unit="s", minimum=0)] = 10.0
    idle: Annotated[
        float, option("Without an event while nothing is worked on", unit="s", minimum=0)
    ] = 900.0
    total: Annotated[float, option("Longest connection", unit="s", minimum=0)] = 0.0
    per_address: Annotated[int, option("Connections of one address at once", minimum=1)] = 32
    held: Annotated[
        int, option("Sound held for all peers of a port", unit="bytes", minimum=8388608)
    ] = 134217728


class AnnounceSettings(OptionSet, frozen=True):
    """What is told to other satellites."""

    chime: Annotated[bool, option("Sound before what others are told")] = True
    others: Annotated[
        tuple[str, ...],
        option("Satellites told beside those that are found: tcp:// addresses"),
    ] = ()


class HttpSettings(OptionSet, frozen=True):
    """Where programs and pages may use this satellite."""

    port: Annotated[
        int,
        option("TCP port of the satellite's HTTP; 0 for none", minimum=0, maximum=65535),
    ] = 10780
    host: Annotated[
        str, option("Address of it; another one than this machine's own needs a token")
    ] = "127.0.0.1"
    token_file: Annotated[
        str, option("File with the token to be shown; else SATELLITE_HTTP_TOKEN has it")
    ] = ""
    origins: Annotated[
        tuple[str, ...], option("Web pages that may use it, as https://panel.example:8080")
    ] = ()


class PairingSettings(OptionSet, frozen=True):
    """Whom this machine knows by key; see `satellite pair`."""

    required: Annotated[
        bool,
        option("Server: serve only paired satellites, in TLS; satellite: use only paired servers"),
    ] = False
    folder: Annotated[
        str, option("Folder of our key and the others'; the user's data folder by default")
    ] = ""


class HealthSettings(OptionSet, frozen=True):
    """Who is told how the program is, and what it may use up."""

    port: Annotated[
        int,
        option(
            "TCP port of the satellite's /healthz and /metrics; 0 for none",
            minimum=0,
            maximum=65535,
        ),
    ] = 0
    host: Annotated[str, option("Address where they are told")] = "127.0.0.1"
    memory: Annotated[
        int,
        option(
            "Memory at which the program ends, to be started again; 0 is 3/4 of the machine's",
            unit="MB",
            minimum=0,
        ),
    ] = 0
    log: Annotated[
        int,
        option(
            "Lines of log in the long run, five minutes' worth at once; 0 is no limit",
            unit="1/min",
            minimum=0,
        ),
    ] = 600


class StatsSettings(OptionSet, frozen=True):
    """What is kept of turns and wake words for `satellite stats`, on this machine alone."""

    enabled: Annotated[bool, option("Keep how turns ended and what took how long")] = True
    texts: Annotated[bool, option("Keep what was said and answered, too")] = False
    days: Annotated[int, option("Keep it this long", unit="days", minimum=1, maximum=3650)] = 30


class AssistantSettings(OptionSet, frozen=True):
    """An assistant of its own: what it does not set is as for the whole satellite."""

    wake: Annotated[
        tuple[str, ...], option("Wake words it answers to; its own name by default")
    ] = ()
    persona: Annotated[str, option("What a language model is told that it is")] = ""
    language: Annotated[str, option("Language it speaks")] = ""
    voice: Annotated[str, option("Voice of its replies")] = ""
    asr: Annotated[str, option("Speech-to-text component")] = ""
    llm: Annotated[str, option("Brain component")] = ""
    tts: Annotated[str, option("Text-to-speech component")] = ""
    brain: Annotated[
        Literal["local", "auto"],
        option("Who answers: we (local), or who answers for the whole satellite (auto)"),
    ] = "local"


class RoomsSettings(OptionSet, frozen=True):
    """How satellites that hear the same wake word agree which of them answers."""

    enabled: Annotated[bool, option("Agree with others; never with --no-zeroconf")] = True
    group: Annotated[
        str,
        option("What the satellites of one home share, and no neighbour knows: a name or a phrase"),
    ] = "home"
    window: Annotated[
        float,
        option(
            "From a wake word to the decision, where there are others",
            unit="s",
            minimum=0.02,
            maximum=1,
        ),
    ] = 0.1
    port: Annotated[int, option("UDP port", minimum=1, maximum=65535)] = 10710


class Settings(OptionSet, frozen=True):
    """Everything that can be set for a satellite."""

    name: Annotated[str, option("What this satellite is called; the host's name by default")] = ""
    area: Annotated[str, option("The room it stands in")] = ""
    language: Annotated[str, option("Language spoken here, as en or en-US")] = "en"
    mic: Annotated[str, option("Microphone component")] = "auto"
    speaker: Annotated[str, option("Speaker component")] = "auto"
    wake: Annotated[str, option("Wake word component")] = "auto"
    vad: Annotated[str, option("Voice detector component")] = "auto"
    asr: Annotated[str, option("Speech-to-text component")] = "auto"
    llm: Annotated[str, option("Brain component")] = "auto"
    tts: Annotated[str, option("Text-to-speech component")] = "auto"
    persona: Annotated[
        str, option("What a language model is told that it is; its engine's text by default")
    ] = ""
    voice: Annotated[str, option("Voice of the replies; the engine's own by default")] = ""
    brain: Annotated[
        Literal["auto", "local", "homeassistant"],
        option("Who answers: Home Assistant while it is connected, else we (auto), or one of them"),
    ] = "auto"
    hooks: Annotated[tuple[str, ...], option("Hook components, told every event")] = ()
    volume: Annotated[float, option("Loudness of speech and cues", minimum=0, maximum=1)] = 1.0
    allow: Annotated[
        tuple[str, ...],
        option("Who may connect to our ports: addresses, networks; loopback, private or any"),
    ] = ("loopback", "private")
    zeroconf: Annotated[bool, option("Look for servers on the LAN and announce ours")] = True
    listen: ListenSettings = ListenSettings()
    sound: SoundSettings = SoundSettings()
    home: HomeSettings = HomeSettings()
    deadlines: DeadlineSettings = DeadlineSettings()
    cues: CueSettings = CueSettings()
    ducking: DuckingSettings = DuckingSettings()
    recordings: RecordingSettings = RecordingSettings()
    models: ModelSettings = ModelSettings()
    servers: ServersSettings = ServersSettings()
    homeassistant: HomeAssistantSettings = HomeAssistantSettings()
    limits: LimitSettings = LimitSettings()
    announce: AnnounceSettings = AnnounceSettings()
    http: HttpSettings = HttpSettings()
    pairing: PairingSettings = PairingSettings()
    rooms: RoomsSettings = RoomsSettings()
    health: HealthSettings = HealthSettings()
    stats: StatsSettings = StatsSettings()
    server: ServerSettings = ServerSettings()
    assistants: dict[str, AssistantSettings] = msgspec.field(default_factory=dict)
