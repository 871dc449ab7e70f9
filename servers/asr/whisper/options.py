"""Options of the Whisper engine, and their translation for its parts."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from satellite.lib.platform.cores import cores
from satellite.options import OptionSet, option
from servers.asr.whisper import machine
from servers.asr.whisper.decoding import DecodingOptions
from servers.asr.whisper.machine import Machine
from servers.asr.whisper.model import Search
from servers.asr.whisper.quality import Thresholds
from servers.asr.whisper.transcription import TranscriptionOptions
from servers.asr.whisper.windows import RATE


class WhisperOptions(OptionSet, frozen=True):
    """The model and its parameters, named as in faster-whisper or its Wyoming service."""

    removed: ClassVar[dict[str, str]] = {
        "encoder_window": "in short windows, real models repeat themselves; leave it out"
    }

    model: Annotated[
        str, option("Size, Hugging Face repository, or folder of a CTranslate2 Whisper model")
    ] = "base"
    models: Annotated[
        int, option("Most models in memory; a request may name a different model", minimum=1)
    ] = 2
    language: Annotated[
        str, option("Language of requests that name none; empty detects the language")
    ] = ""
    task: Annotated[
        Literal["transcribe", "translate"], option("Transcribe, or translate into English")
    ] = "transcribe"
    device: Annotated[str, option("cpu, cuda, cuda:1, or auto (CUDA if it works)")] = "auto"
    compute_type: Annotated[
        str, option("Such as int8 or float16; auto is float16 with CUDA, otherwise int8")
    ] = "auto"
    cpu_threads: Annotated[
        int, option("Threads per batch; 0 is all cores, up to 4", minimum=0, maximum=256)
    ] = 0
    num_workers: Annotated[
        int, option("Batches at once; 0 is chosen by the number of cores", minimum=0, maximum=64)
    ] = 0
    beam_size: Annotated[int, option("Candidate texts while decoding", minimum=1)] = 5
    best_of: Annotated[int, option("Candidate texts at a temperature above 0", minimum=1)] = 5
    patience: Annotated[
        float, option("Above 1, the search goes on after the first text", minimum=1)
    ] = 1.0
    length_penalty: Annotated[float, option("Above 1 favours long texts")] = 1.0
    repetition_penalty: Annotated[float, option("Above 1 avoids repetition")] = 1.0
    no_repeat_ngram_size: Annotated[
        int, option("Length in tokens of sequences that never repeat; 0 allows all", minimum=0)
    ] = 0
    temperature: Annotated[
        tuple[float, ...], option("Temperatures, tried in turn while the text is doubtful")
    ] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    initial_prompt: Annotated[
        str, option("A text in the style of the expected speech, in place of the language's own")
    ] = ""
    hotwords: Annotated[
        str, option("Likely names, separated by commas, in addition to those in a request")
    ] = ""
    condition_on_previous_text: Annotated[
        bool, option("Beyond 30 s, use the text so far to understand the rest")
    ] = True
    no_speech_threshold: Annotated[
        float, option("No-speech probability from which a doubtful text is silence", minimum=0)
    ] = 0.6
    log_prob_threshold: Annotated[
        float, option("Average log-probability below which a text is doubtful", maximum=0)
    ] = -1.0
    compression_ratio_threshold: Annotated[
        float, option("Compression ratio above which a text repeats itself", minimum=1)
    ] = 2.4
    vad_filter: Annotated[bool, option("Transcribe only the voices that Silero detects")] = True
    vad_threshold: Annotated[
        float, option("Probability from which a sound is a voice", minimum=0, maximum=1)
    ] = 0.5
    vad_min_speech_ms: Annotated[
        int, option("Shorter voices are ignored as noise", unit="ms", minimum=0, maximum=5000)
    ] = 100
    partials: Annotated[
        bool, option("Send partial transcripts during speech, if no request waits")
    ] = True
    partial_interval: Annotated[
        float, option("Shortest time between partial transcripts", unit="s", minimum=0.2)
    ] = 1.0

    @property
    def least_voice(self) -> int:
        """Fewest samples of a voice; 0 without a voice detector."""
        return self.vad_min_speech_ms * RATE // 1000 if self.vad_filter else 0

    @property
    def thresholds(self) -> Thresholds:
        """Thresholds of the checks of texts."""
        return Thresholds(
            no_speech=self.no_speech_threshold,
            log_prob=self.log_prob_threshold,
            compression_ratio=self.compression_ratio_threshold,
        )

    @property
    def decoding(self) -> DecodingOptions:
        """Options of decoding."""
        return DecodingOptions(
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
        )

    @property
    def transcription(self) -> TranscriptionOptions:
        """Options of transcription."""
        return TranscriptionOptions(
            thresholds=self.thresholds,
            condition_on_previous_text=self.condition_on_previous_text,
            partials=self.partials,
            interval=self.partial_interval,
        )

    def machine(self, device: str, cuda: bool) -> Machine:
        """Choose what the model runs on; `cuda`: whether CTranslate2 sees a CUDA device."""
        return machine.choose(
            device, self.compute_type, self.cpu_threads, self.num_workers, cuda, cores()
        )
