"""Sentences and homes for `tests.bench.languages`, where no clips are at hand."""

from __future__ import annotations

TEXTS = {
    "de": ("Schalte die Lampe im Flur aus.", "Wie warm ist es im Büro?", "Schließ die Rollläden."),
    "en": ("Turn off the lamp in the hallway.", "How warm is the office?", "Close the blinds."),
    "es": (
        "Apaga la lámpara del pasillo.",
        "¿Qué temperatura hay en la oficina?",
        "Cierra la puerta.",
    ),
    "it": (
        "Spegni la lampada in corridoio.",
        "Che temperatura c'è in ufficio?",
        "Chiudi la porta.",
    ),
    "nl": (
        "Doe de lamp in de gang uit.",
        "Hoe warm is het in de woonkamer?",
        "Sluit de gordijnen.",
    ),
    "pl": ("Wyłącz lampę w korytarzu.", "Jaka jest temperatura w salonie?", "Zamknij rolety."),
    "pt": ("Apague a lâmpada do corredor.", "Qual é a temperatura da cozinha?", "Feche a porta."),
    "ru": ("Выключи лампу в коридоре.", "Какая температура на кухне?", "Закрой шторы."),
    "zh": ("关掉走廊的台灯。", "厨房的温度是多少？", "关上窗帘。"),
    "zh-TW": ("關掉走廊的檯燈。", "廚房的溫度是多少？", "關上窗簾。"),
}
"""By language. eSpeak NG's French and Japanese are not understood at all."""

HOMES = {
    "de": {"areas": ["Flur", "Büro", "Wohnzimmer"], "names": ["Lampe", "Rollläden"]},
    "en": {"areas": ["hallway", "office", "living room"], "names": ["lamp", "blinds"]},
    "es": {"areas": ["pasillo", "oficina", "salón"], "names": ["lámpara", "persianas"]},
    "it": {"areas": ["corridoio", "ufficio", "soggiorno"], "names": ["lampada", "tapparelle"]},
    "nl": {"areas": ["gang", "kantoor", "woonkamer"], "names": ["lamp", "gordijnen"]},
    "pl": {"areas": ["korytarz", "biuro", "salon"], "names": ["lampa", "rolety"]},
    "pt": {"areas": ["corredor", "escritório", "cozinha"], "names": ["lâmpada", "persianas"]},
    "ru": {"areas": ["коридор", "кухня", "гостиная"], "names": ["лампа", "шторы"]},
    "zh": {"areas": ["走廊", "厨房", "客厅"], "names": ["台灯", "窗帘"]},
    "zh-TW": {"areas": ["走廊", "廚房", "客廳"], "names": ["檯燈", "窗簾"]},
}
