"""Sentences end where a reader of the language ends them, however the text arrives."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from satellite.languages.text_rules import text_rules
from satellite.text.sentence_splitter import LONGEST, SentenceSplitter

SHARED = Path(__file__).parents[2].parent / "shared/speech/languages/sentences.json"


def split(language: str, text: str, size: int, *, early: bool = False) -> list[str]:
    splitter = SentenceSplitter(text_rules(language), early=early)
    found = []
    for at in range(0, len(text), size):
        found += splitter.push(text[at : at + size])
    return found + splitter.flush()


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("de", ["Der Termin ist am 12. Dezember.", "Danach ist frei."]),
        ("de", ["Er wohnt im 3. Stock.", "Am 5. kommt er."]),
        ("de", ["Das ist am 3.", "Danach fährt er."]),
        ("de", ["Sie fragte: „Kommst du?“", "Er nickte."]),
        ("de", ["Dr. Müller und Fr. Weber kommen um 15 Uhr.", "Gut?"]),
        ("de", ["Das sind u. a. Birnen, d. h. Obst.", "Es sind 21 °C.", "Schön."]),
        ("de", ["Es kostet 3 Mio. Euro.", "Viel!"]),
        ("es", ["¡Claro!", "¿A qué hora?", "Vale."]),
        ("es", ["La Sra. López llega a las 15.", "¿Algo más?"]),
        ("fr", ["M. Dupont arrive à 15 h.", "Voulez-vous autre chose ?"]),
        ("fr", ["Il dit : « Oui. »", "Puis il part."]),
        ("it", ["Il dott. Bianchi è qui.", "Sono le 15.", "Va bene."]),
        ("nl", ["Dat is bijv. Amsterdam.", "Dhr. De Vries komt om 15 uur.", "Goed?"]),
        ("ru", ["Он родился в 1990 г.", "Потом переехал в г. Москва."]),
        ("ru", ["Цена 50 руб.", "Хотите купить?"]),
        ("pl", ["Spotkanie o godz. 15.", "Potem obiad."]),
        ("pl", ["Dziś jest 3. dzień.", "To ul. Długa 5.", "Coś jeszcze?"]),
        ("pt", ["O Sr. Silva chega às 15.", "Mais alguma coisa?"]),
        ("zh", ["他问：“你好吗？”", "我说：“很好。谢谢！”", "然后走了。"]),
        ("zh-TW", ["「好的。」他說。", "然後走了。"]),
        ("ru", ["В 1812 г. Наполеон вошёл в Москву.", "Это и т. д.", "Конец."]),
        ("de", ["Das sind Äpfel, Birnen usw.", "Danach gibt es Tee."]),
        ("nl", ["Goed?", "'s Avonds regent het."]),
        ("en", ["He left at 5 p.m.", "It was late.", "Call at 9 a.m. Eastern time."]),
        ("bo", ["བཀྲ་ཤིས་བདེ་ལེགས།", "ཁྱེད་རང་བདེ་མོ།"]),
        ("ja", ["「はい。そうです。」と彼は言いました。", "次です。"]),
        ("ja", ["「何？」", "そうですか。"]),
        ("zh", ["“好的。”他说。", "然后他走了！"]),
        ("zh", ["今天很冷。", "要关窗吗？", "好"]),
        ("hi", ["नमस्ते।", "आप कैसे हैं?", "ठीक।"]),
        ("ur", ["ٹھیک ہے۔", "شکریہ۔"]),
        ("ar", ["مرحبا.", "كيف حالك؟", "أنا بخير."]),
        ("el", ["Τι θέλεις;", "Καλά."]),
        ("am", ["ሰላም።", "እንዴት ነህ፧", "ደህና።"]),
        ("km", ["សួស្តី។", "តើអ្នកសុខសប្បាយទេ?"]),
        ("my", ["ကောင်းပါသည်။", "ကျေးဇူးပါ။"]),
        ("hy", ["Բարև։", "Ինչպե՞ս ես։"]),
        ("ka", ["გამარჯობა.", "როგორ ხარ?"]),
        ("ko", ["네.", "오늘은 맑아요."]),
        ("xx", ["Mr. Ix meets J. S. Bach.", "He said “no.”", "Well."]),
    ],
)
def test_sentences_of_many_languages(language: str, sentences: list[str], size: int) -> None:
    text = ("" if language[:2] in ("zh", "ja") else " ").join(sentences)
    assert split(language, text, size) == sentences


@pytest.mark.skipif(not SHARED.is_file(), reason="needs the sentences beside the repository")
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_reviewed_sentences(size: int) -> None:
    for language, text, sentences in json.loads(SHARED.read_text(encoding="utf-8")):
        assert split(language, text, size) == sentences


@pytest.mark.parametrize(
    ("language", "text", "first"),
    [
        (
            "zh",
            "今天北京的天气非常好，气温在二十度左右，适合出门散步，不过晚上可能会有一点小雨，出门的时候最好带一把伞，以免淋湿了衣服。",
            "今天北京的天气非常好，",
        ),
        (
            "ja",
            "今日の東京の天気は晴れで、最高気温は二十五度ですが、夜は",
            "今日の東京の天気は晴れで、",
        ),
        ("th", "วันนี้อากาศดีมาก เหมาะกับการออกไปเดินเล่น แต่ตอนเย็น", "วันนี้อากาศดีมาก"),
        ("ar", "الطقس في المدينة جميل اليوم، ودرجة الحرارة", "الطقس في المدينة جميل اليوم،"),
        ("de", "Heute wird es in Berlin sonnig, aber am Abend", "Heute wird es in Berlin sonnig,"),
    ],
)
def test_the_first_clause_is_spoken_at_once(language: str, text: str, first: str) -> None:
    splitter = SentenceSplitter(text_rules(language), early=True)
    read = 0
    while not (found := splitter.push(text[read])):
        read += 1
    assert found == [first]
    assert read <= len(first) + 1


@pytest.mark.parametrize(
    ("language", "word"),
    [("zh", "今天天气很好"), ("th", "สวัสดีครับ"), ("km", "សួស្តី"), ("my", "ကျွန်တော်")],
)
def test_a_text_without_marks_is_divided_between_syllables(language: str, word: str) -> None:
    parts = split(language, word * 100, 7)
    seconds = 1 / text_rules(language).characters_per_second
    assert len(parts) > 1
    assert "".join(parts) == word * 100
    assert all(len(part) * seconds <= LONGEST for part in parts)
    for part in parts:
        assert unicodedata.category(part[0]) == "Lo"
        assert part[0] not in "าะำ"


def test_thai_is_divided_at_its_spaces() -> None:
    text = "วันนี้อากาศดีมากและท้องฟ้าแจ่มใสตลอดทั้งวัน เหมาะกับการออกไปเดินเล่นที่สวนสาธารณะใกล้บ้าน แต่ตอนเย็น"
    assert split("th", text, 4) == text.split(" ")
