"""Options of the Whisper engine, and what they mean for its parts."""

from __future__ import annotations

from typing import Annotated, Literal

from satellite.options import OptionSet, option
from servers.asr.whisper import decoding, machine, transcription
from servers.asr.whisper.machine import Machine
from servers.asr.whisper.model import Search
from servers.asr.whisper.quality import Thresholds
from servers.asr.whisper.windows import RATE


class WhisperOptions(OptionSet, frozen=True):
    """Which model, and how it listens. The names are faster-whisper's, or its Wyoming service's."""

    model: Annotated[
        str, option("Size, Hugging Face repository, or folder of a CTranslate2 Whisper model")
    ] = "base"
    models: Annotated[
        int, option("Models kept in memory; a request may name another than this", minimum=1)
    ] = 2
    language: Annotated[str, option("Language where a request names none; detected when empty")] = (
        ""
    )
    task: Annotated[
        Literal["transcribe", "translate"], option("Write what is said, or its English")
    ] = "transcribe"
    device: Annotated[str, option("cpu, cuda, cuda:1, or auto: CUDA where it works")] = "auto"
    compute_type: Annotated[
        str, option("As int8 or float16; auto: float16 with CUDA, else int8")
    ] = "auto"
    cpu_threads: Annotated[
        int, option("Threads for one batch; 0: all cores, up to 4", minimum=0, maximum=256)
    ] = 0
    num_workers: Annotated[
        int, option("Batches worked on at once; 0: as suits the cores", minimum=0, maximum=64)
    ] = 0
    beam_size: Annotated[int, option("Texts kept in mind while decoding", minimum=1)] = 5
    best_of: Annotated[int, option("Texts tried at a temperature above 0", minimum=1)] = 5
    patience: Annotated[float, option("Searches on after the first text", minimum=1)] = 1.0
    length_penalty: Annotated[float, option("More than 1 favours long texts")] = 1.0
    repetition_penalty: Annotated[float, option("More than 1 avoids repetition")] = 1.0
    no_repeat_ngram_size: Annotated[
        int, option("Never repeats so many tokens; 0: may", minimum=0)
    ] = 0
    temperature: Annotated[
        tuple[float, ...], option("Tried one after the other while the text is doubtful")
    ] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    initial_prompt: Annotated[str, option("A text in the style of what will be said")] = ""
    hotwords: Annotated[str, option("Words likely to be said, besides the names in a request")] = ""
    condition_on_previous_text: Annotated[
        bool, option("Past 30 s the text so far helps to understand the rest")
    ] = True
    no_speech_threshold: Annotated[
        float, option("From this probability on an unlikely text is silence", minimum=0)
    ] = 0.6
    log_prob_threshold: Annotated[
        float, option("Average log-probability below which a text is doubtful", maximum=0)
    ] = -1.0
    compression_ratio_threshold: Annotated[
        float, option("Above it a text repeats itself", minimum=1)
    ] = 2.4
    vad_filter: Annotated[bool, option("Hears only voices; Silero finds them")] = True
    vad_threshold: Annotated[
        float, option("Voice probability that counts as voice", minimum=0, maximum=1)
    ] = 0.5
    vad_min_speech_ms: Annotated[
        int, option("A shorter voice is a noise", unit="ms", minimum=0, maximum=5000)
    ] = 100
    partials: Annotated[bool, option("Transcribes while somebody speaks, when nobody waits")] = True
    partial_interval: Annotated[
        float, option("Least time between partial transcripts", unit="s", minimum=0.2)
    ] = 1.0
    encoder_window: Annotated[
        Literal["full", "auto"],
        option("auto: short utterances in short windows, doubtful ones again in the full one"),
    ] = "full"

    @property
    def least_voice(self) -> int:
        """Samples of voice that count; all do where no detector looks for them."""
        return self.vad_min_speech_ms * RATE // 1000 if self.vad_filter else 0

    @property
    def thresholds(self) -> Thresholds:
        """What texts are held to."""
        return Thresholds(
            no_speech=self.no_speech_threshold,
            log_prob=self.log_prob_threshold,
            compression_ratio=self.compression_ratio_threshold,
        )

    @property
    def decoding(self) -> decoding.DecodingHabits:
        """How windows are decoded."""
        return decoding.DecodingHabits(
            search=Search(
                beam_size=self.beam_size,
                patience=self.patience,
                length_penalty=self.length_penalty,
                repetition_penalty=self.repetition_penalty,
                no_repeat_ngram_size=self.no_repeat_ngram_size,
                best_of=self.best_of,
            ),
            temperatures=self.temperature or (0.0,),
            thresholds=self.thresholds,
            task=self.task,
            encoder_window=self.encoder_window,
        )

    @property
    def habits(self) -> transcription.UtteranceHabits:
        """How utterances are followed."""
        return transcription.UtteranceHabits(
            thresholds=self.thresholds,
            initial_prompt=self.initial_prompt,
            condition_on_previous_text=self.condition_on_previous_text,
            partials=self.partials,
            interval=self.partial_interval,
        )

    def machine(self, device: str, cuda: bool) -> Machine:
        """What the model runs on, on this machine; `cuda`: CTranslate2 sees a CUDA device."""
        return machine.choose(
            device, self.compute_type, self.cpu_threads, self.num_workers, cuda, machine.cores()
        )
