"""Phrases that Whisper hallucinates from silence: the subtitles it was trained on end with them.

They come from public collections of its transcripts of silence. Only whole, doubtful utterances are
compared, because people do say "thank you".
"""

from __future__ import annotations

import re

PHRASES = frozenset(
    (
        # English
        "you",
        "bye",
        "bye bye",
        "thank you",
        "thank you very much",
        "thank you so much",
        "thanks for watching",
        "thank you for watching",
        "thank you so much for watching",
        "thank you for listening",
        "please subscribe",
        "please subscribe to my channel",
        "like and subscribe",
        "see you next time",
        "see you in the next video",
        "subtitles by the amara org community",
        "transcription by castingwords",
        "the end",
        # German
        "untertitel der amara org community",
        "untertitel im auftrag des zdf für funk 2017",
        "untertitelung des zdf 2020",
        "untertitelung aufgrund der amara org community",
        "vielen dank",
        "vielen dank fürs zuschauen",
        "copyright wdr 2020",
        # Dutch
        "ondertitels ingediend door de amara org gemeenschap",
        "ondertiteld door de amara org gemeenschap",
        "bedankt voor het kijken",
        # French
        "sous titres réalisés par la communauté d amara org",
        "sous titres réalisés para la communauté d amara org",
        "merci d avoir regardé cette vidéo",
        "merci",
        # Spanish and Portuguese
        "subtítulos realizados por la comunidad de amara org",
        "subtítulos por la comunidad de amara org",
        "gracias por ver el video",
        "gracias",
        "legendas pela comunidade amara org",
        "obrigado",
        # Italian
        "sottotitoli creati dalla comunità amara org",
        "sottotitoli e revisione a cura di qtss",
        "grazie per la visione",
        # Polish, Russian
        "napisy stworzone przez społeczność amara org",
        "dziękuję za uwagę",
        "субтитры сделал dimatorzok",
        "редактор субтитров а семкин корректор а егорова",
        "продолжение следует",
        "спасибо за просмотр",
        # Chinese, Japanese, Korean
        "字幕由 amara org 社区提供",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "謝謝觀看",
        "ご視聴ありがとうございました",
        "시청해주셔서 감사합니다",
    )
)


def is_hallucination(text: str) -> bool:
    """Return whether all of the text is such a phrase. Ignores case and punctuation."""
    return " ".join(re.findall(r"\w+", text.lower())) in PHRASES
