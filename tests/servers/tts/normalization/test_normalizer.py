"""English text is normalized; other languages stay unchanged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.tts.normalization.normalizer import normalize

PARTS = [
    "2024-05-01",
    "7:30",
    "5/1/2024",
    "km",
    "°C",
    "am",
    "e.g.",
    "Dr.",
    "etc.",
    "a.bc",
    "'s",
    "10",
    "1h 30m",
    "2 1/2",
    "⅝",
    "US$",
    "CHF",
    "VIII",
    "Henry ",
    "Chapter ",
    "Gen. A",
    "√",
    "x²",
    "π",
    "α",
    "你好",
    "Привет",
    "[[",
    "]]",
    "s",
    " - ",
    "1914",
    "1980s",
    "3:1",
    ":30",
    "3 May",
    "Nov 5",
    "Mon-Fri",
    "555-0123",
    "+1 800 ",
    "3.11.2",
    "24.12.2024",
    "5'11\"",
    "x",
    "PIN ",
    "1,50",
    "12e4",
    "St.",
    "CO2",
    "∑(",
    "lim(",
    " 000",
    "08:05",
    " h",
    "-min",
    "μm",
    "World War I and II",
    "2024/07/04",
    "p. 5",
    "…",
]
TEXTS = st.lists(
    st.sampled_from(
        [*PARTS, *"012590 $€%-–.,½ mkA#@~&=×/:", " p.m.", "1999", "May ", "in ", "No. ", " million"]
    ),
    max_size=16,
).map("".join)


@given(TEXTS | st.text(max_size=40), st.sampled_from(["en-US", "en_GB", "en", "de", "", "x y"]))
def test_normalizing_never_fails_and_is_idempotent(text: str, language: str) -> None:
    once = normalize(text, language)
    assert normalize(once, language) == once


@given(st.text(st.sampled_from("abc ABC,!?'\n"), max_size=60))
def test_words_stay(text: str) -> None:
    assert normalize(text, "en-US") == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "It is 21°C, feels like -3 °C.",
            "It is 21 degrees Celsius, feels like minus 3 degrees Celsius.",
        ),
        ("Wind 5 km/h, 1 km away.", "Wind 5 kilometers per hour, 1 kilometer away."),
        ("40% of 1,200 kWh", "40 percent of 1,200 kilowatt hours"),
        ("Turn it 90° left", "Turn it 90 degrees left"),
        (
            "It costs $5, or $5.50, or $1.",
            "It costs 5 dollars, or 5 dollars and 50 cents, or 1 dollar.",
        ),
        ("$0.99 or 20 € or £1.01", "99 cents or 20 euros or 1 pound and 1 penny"),
        ("$1.5 million and $3k", "1.5 million dollars and 3 thousand dollars"),
        ("At 7:30 pm.", "At 7 30 P M."),
        ("From 7:00 to 19:05", "From 7 o'clock to 19 oh 5"),
        ("At 7 a.m. on May 5", "At 7 A M on May 5th"),
        ("At 8 p.m. We eat", "At 8 P M. We eat"),
        ("On 2024-05-01 it rained.", "On May 1st, 20 24 it rained."),
        ("On 2024-13-01 it rained.", "On 2024-13-01 it rained."),
        ("May 1st, 2024 or May 2nd", "May 1st, 20 24 or May 2nd"),
        ("May 22, 1905 and July 2003", "May 22nd, 19 oh 5 and July 2003"),
        ("In 1999, and since 2008, until 1900.", "In 19 99, and since 2008, until 19 hundred."),
        ("in 1500 grams", "in 15 hundred grams"),
        ("1999 lamps", "1999 lamps"),
        ("5-10 minutes, 5–10 min", "5 to 10 minutes, 5 to 10 minutes"),
        ("Call 555-1234", "Call 5 5 5, 1 2 3 4"),
        (
            "Dr. Smith vs. Mr. Jones, e.g. now, etc.",
            "Doctor Smith versus Mister Jones, for example now, et cetera.",
        ),
        (
            "Add 1/2 cup, 1½ tsp and 3/4 l",
            "Add one half cup, 1 and a half teaspoons and three quarters liter",
        ),
        ("No. 5, #6, ~7", "number 5, number 6, about 7"),
        ("me@example.com or example.co.uk", "me at example dot com or example dot co dot uk"),
        ("3 × 4 = 12, 2 + 2 = 4", "3 times 4 equals 12, 2 plus 2 equals 4"),
        ("salt & pepper, 24/7", "salt and pepper, 24 7"),
        ("The score is 3:2 in the 1980s.", "The score is 3 to 2 in the 19 eighties."),
    ],
)
def test_english(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words


def test_regions_write_dates_in_their_order() -> None:
    assert normalize("5/1/2024", "en-US") == "May 1st, 20 24"
    assert normalize("5/1/2024", "en_GB") == "January 5th, 20 24"
    assert normalize("31/1/2024", "en-US") == "January 31st, 20 24"


def test_other_languages_stay_unchanged() -> None:
    assert normalize("Kl. 7:30, 5 km/h, t.ex.", "sv-SE") == "Kl. 7:30, 5 km/h, t.ex."
    assert normalize("5 km", "../en") == "5 km"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 5, a ≤ b, x² + 3", "x equals 5, a at most b, x squared plus 3"),
        ("a⁄b or 1⁄2 or √9", "a over b or one half or the square root of 9"),
        ("2πr ≠ 5 ± 1", "2 pi r is not equal to 5 plus or minus 1"),
        ("x^10 and sin(x)", "x to the power of 10 and sine of (x)"),
    ],
)
def test_formulas(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2 1/2 cups", "2 and a half cups"),
        ("1 1/8 of 7/16", "1 and an eighth of seven sixteenths"),
        ("2¾, ⅝ and 1⅓", "2 and three quarters, five eighths and 1 and a third"),
        ("a 1/2-inch hole", "a one half-inch hole"),
        ("and/or, 24/7, km/h, 9/11", "and/or, 24 7, km/h, 9/11"),
        ("On 3/4, on 5/1/2024", "On 3/4, on May 1st, 20 24"),
        ("1/2/3 and 01/02", "1/2/3 and 01/02"),
        ("8/10, 4/5 stars, 3/4 time", "8 out of 10, 4 out of 5 stars, 3 4 time"),
    ],
)
def test_fractions(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1h 30m in all", "1 hour 30 minutes in all"),
        ("5m 30s, 2h, 1h1m", "5 minutes 30 seconds, 2 hours, 1 hour 1 minute"),
        ("1 h 15 min, 2h 5m 10s.", "1 hour 15 minutes, 2 hours 5 minutes 10 seconds."),
        ("1d 2h", "1 day 2 hours"),
        ("Wait 90s, then 45s.", "Wait 90 seconds, then 45 seconds."),
        ("20m left, 20m long", "20 minutes left, 20 meters long"),
        ("a 30s timer", "a 30 seconds timer"),
        ("Wait 90s before it.", "Wait 90 seconds before it."),
        ("30 m away, 30m high", "30 meters away, 30 meters high"),
        ("In the 1980s and the 90s; 80s music", "In the 19 eighties and the 90s; 80s music"),
    ],
)
def test_durations(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("World War II and World War I", "World War 2 and World War 1"),
        (
            "Henry VIII, Louis XIV, Elizabeth II's",
            "Henry the 8th, Louis the 14th, Elizabeth the 2nd's",
        ),
        ("King Charles I was, James I of", "King Charles the 1st was, James the 1st of"),
        ("chapter IV, Rocky II, type II", "chapter 4, Rocky 2, type 2"),
        ("Act III, scene ii, WWII", "Act 3, scene 2, World War 2"),
        ("the XIX century", "the 19th century"),
        ("I asked Henry I think", "I asked Henry I think"),
        ("the part I like", "the part I like"),
        (
            "MIX a CD, XL, Type C, Malcolm X, An IV drip",
            "MIX a CD, XL, Type C, Malcolm X, An IV drip",
        ),
    ],
)
def test_roman_numerals(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("King Jr. spoke to Smith Sr.", "King Junior spoke to Smith Senior."),
        ("Sgt. Pepper, Lt. Gen. Lee", "Sergeant Pepper, Lieutenant General Lee"),
        ("Capt. Kirk, Rev. Ray, Hon. Jay", "Captain Kirk, Reverend Ray, Honorable Jay"),
        ("Sgt Pepper and King Jr", "Sergeant Pepper and King Junior"),
        ("St. Louis, 5 rep. a day", "Saint Louis, 5 rep. a day"),
    ],
)
def test_titles(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("₹500, ₩1000, ₽1, ₺20, ₴7", "500 rupees, 1000 won, 1 ruble, 20 lira, 7 hryvnias"),
        ("50¢", "50 cents"),
        ("US$20, A$1, CA$7", "20 US dollars, 1 Australian dollar, 7 Canadian dollars"),
        ("20 USD, CHF 20, EUR 5.50", "20 US dollars, 20 Swiss francs, 5 euros and 50 cents"),
        ("0.5 BTC", "0.5 bitcoins"),
        ("$3/month, $5 per person", "3 dollars per month, 5 dollars per person"),
        ("$2.50/lb, 60 miles/hour", "2 dollars and 50 cents per pound, 60 miles per hour"),
        ("$5/GB, Rs. 50, 20 kr", "5 dollars per gigabyte, 50 rupees, 20 kronor"),
        ("-$5, $-5", "minus 5 dollars, minus 5 dollars"),
        ("$1.5M, $3bn, €2B", "1.5 million dollars, 3 billion dollars, 2 billion euros"),
        ("$20-30", "20 dollars to 30 dollars"),
        ("he/she, day/night, TRY it", "he/she, day/night, TRY it"),
    ],
)
def test_money(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5 - 3 = 2, 3−1", "5 minus 3 equals 2, 3 minus 1"),
        ("7 - 2 - 1 = 4", "7 minus 2 minus 1 equals 4"),
        ("10 - 4", "10 minus 4"),
        ("20-25 minutes, 3 - 5 people", "20 to 25 minutes, 3 to 5 people"),
        ("5-10km, 1.5-2 hours", "5 to 10 kilometers, 1.5 to 2 hours"),
        ("-5 °C, −3", "minus 5 degrees Celsius, minus 3"),
        ("1998-99, 2023-24, 2024-05", "19 98 to 99, 20 23 to 24, 2024-05"),
        ("1914-1918", "19 14 to 19 18"),
        ("9:00-17:00, 9am-5pm now", "9 o'clock to 17 o'clock, 9 A M to 5 P M now"),
        ("10%-20%", "10 percent to 20 percent"),
        ("80-555-1234, 30-12-3", "80-555-1234, 30-12-3"),
        ("2024-13-01, 1-2-3, A-4", "2024-13-01, 1-2-3, A-4"),
    ],
)
def test_ranges_and_differences(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words


def test_the_notation_of_phonemes_is_read_as_words() -> None:
    assert normalize("a [[list]]", "en-US").split() == ["a", "list"]
    assert normalize("ein [[Wort", "de-DE").split() == ["ein", "Wort"]


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("The greeting is 你好吗 in Chinese.", "en-US", "The greeting is in Chinese."),
        ("Say (こんにちは) or “안녕”, friend.", "en-US", "Say or, friend."),
        ("Say Привет!", "en-US", "Say!"),
        ("مرحبا is hello, ٣ times", "en-US", "is hello, 3 times"),
        ("λόγος, α and β", "en-US", "alpha and beta"),
        ("你好", "en-US", "some words in another script"),
        ("你好 Welt", "de-DE", "Welt"),
        ("你好", "de-DE", ""),
        ("Привет, мир", "ru", "Привет, мир"),
        ("你好", "cmn", "你好"),
        ("こんにちは、世界", "ja", "こんにちは、世界"),
        ("naïve café, Łódź, Tiếng Việt", "en-US", "naïve café, Łódź, Tiếng Việt"),
    ],
)
def test_scripts_that_the_voice_cannot_read_are_removed(
    text: str, language: str, words: str
) -> None:
    assert normalize(text, language).strip() == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("On 3 May 1990, on the 3rd May", "On the 3rd of May, 19 90, on the 3rd of May"),
        (
            "On Wed., Nov 5 or 5 Nov 2024.",
            "On Wednesday, November 5th or the 5th of November, 20 24.",
        ),
        ("Mon-Fri, Sat – Sun", "Monday to Friday, Saturday to Sunday"),
        ("24.12.2024 and 24. 12. 2024", "December 24th, 20 24 and December 24th, 20 24"),
        ("At 2026-11-29T10:30:00Z", "At November 29th, 20 26, 10 30 UTC"),
        (
            "the 1980s, the 1980s or so, 1900's",
            "the 19 eighties, the 19 eighties or so, 19 hundreds",
        ),
        ("the 80s before, 80s before it", "the 80s before, 80 seconds before it"),
        ("At 14:05:30 or 2:05:01 pm", "At 14 oh 5 and 30 seconds or 2 oh 5 and 1 second P M."),
        (
            "It takes 1:30:05, a 2:00:00 long film",
            "It takes 1 hour 30 minutes 5 seconds, a 2 hours long film",
        ),
        ("The sun in May 1990. May 19 is here.", "The sun in May 19 90. May 19th is here."),
    ],
)
def test_dates_and_times_in_other_notations(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(212) 555-7890, 1-800-555-1234", "2 1 2, 5 5 5, 7 8 9 0, 1, 8 0 0, 5 5 5, 1 2 3 4"),
        ("+44 20 7946 0123.", "plus 4 4, 2 0, 7 9 4 6, 0 1 2 3."),
        ("0171 4567890", "0 1 7 1, 4 5 6 7 8 9 0"),
        ("Call 911 now, call 300 people", "Call 9 1 1 now, call 300 people"),
        ("The code is 4821, code: 90210", "The code is 4 8 2 1, code: 9 0 2 1 0"),
        ("pages 100-200 of +12 345 6", "pages 100 to 200 of +12 345 6"),
        (
            "192.168.1.1 and 3.11.2 and v2.0",
            "192 dot 168 dot 1 dot 1 and 3 point 11 point 2 and version 2.0",
        ),
        ("3:1, 16:9, 7:30, John 3:16", "3 to 1, 16 to 9, 7 30, John 3 16"),
        (
            "2x faster, 3x4 m, 1920x1080, 5 x 6 = 30",
            "2 times faster, 3 by 4 meters, 1920 by 1080, 5 times 6 equals 30",
        ),
        ("30 cm x 20 cm, 0x10", "30 centimeters by 20 centimeters, 0x10"),
        ("10k users, a 5k run, 3M units", "10 thousand users, a 5k run, 3 million units"),
        (
            "1.5e8 and 2e-3 and room 12E",
            "1.5 times 10 to the power of 8 and 2 times 10 to the power of minus 3 and room 12E",
        ),
    ],
)
def test_figures_with_a_structure(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("She is 5'11\" or 5’ 11”.", "She is 5 feet 11 inches or 5 feet 11 inches."),
        (
            'A 27" screen, 6 ft 2 in tall, 8" wide',
            "A 27 inch screen, 6 feet 2 inches tall, 8 inches wide",
        ),
        ('The "Top 10" list', 'The "Top 10" list'),
        ("12 Main St. in Rome, 5th St.", "12 Main Street in Rome, 5th Street."),
        ("St. Louis, Dr. Elm, 4 Elm Dr.", "Saint Louis, Doctor Elm, 4 Elm Drive."),
        ("Meet me on Main St. or at St. Mary's.", "Meet me on Main Street or at Saint Mary's."),
        ("Drs. Smith and Jones, № 5", "Doctors Smith and Jones, number 5"),
        ("+$5, 5+$3, $.50, €.99", "plus 5 dollars, 5 plus 3 dollars, 50 cents, 99 cents"),
        ("x - 5 = 3", "x minus 5 equals 3"),
        ("A/C, N/A, 5! = 120, CO2, H₂O", "A C, N A, 5 factorial equals 120, C O 2, H 2O"),
        (
            "€1.299,00, 1,50 €, 21,5 °C, 1,299 km",
            "1299 euros, 1 euro and 50 cents, 21.5 degrees Celsius, 1,299 kilometers",
        ),
        ("5 ct/l, 150 hp, 100 Mbps", "5 cents per liter, 150 horsepower, 100 megabits per second"),
        ("#SummerVibes, the hashtag #fun, C#", "hashtag SummerVibes, the hashtag #fun, C#"),
        ("x ≈ 3.14, ∑(i = 1 … n) i", "x is about 3.14, the sum from i equals 1 to n of i"),
    ],
)
def test_other_short_forms(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lim(x … 0), 5 = 6/2 = 3", "the limit as x goes to 0 of 5 equals 6 divided by 2 equals 3"),
        ("1/1000, 2/3rds, 50/50", "one thousandth, two thirds, 50 50"),
        ("World War I and II, WW2", "World War 1 and 2, World War 2"),
        ("a 5-min walk, a 10-km run", "a 5-minute walk, a 10-kilometer run"),
        ("5 μm, 10 µF, 20 m2", "5 micrometers, 10 microfarads, 20 square meters"),
        ("2024/07/04 and 04-07-2024", "July 4th, 20 24 and April 7th, 20 24"),
        ("1 000 000, 20 000 and 5\u00a0000", "1,000,000, 20,000 and 5,000"),
        ("08:05, 14:30 h, 1:30 h long", "8 oh 5, 14 30, 1 hour 30 minutes long"),
        ("pp. 12-15, p. 5, ca. 1900, Nos. 4", "pages 12 to 15, page 5, circa 1900, numbers 4"),
        ("Nov 5-7, mid-1990s, 5p.m.", "November 5th to 7, mid-19 nineties, 5 P M."),
        ("Call 112. >5, >= 5, x > 5", "Call 1 1 2. more than 5, at least 5, x is greater than 5"),
        ("+49 (0)30 123456, 17ºC", "plus 4 9, 0, 3 0, 1 2 3 4 5 6, 17 degrees Celsius"),
        ("β-carotene, 50p, 5'10", "beta-carotene, 50 pence, 5 foot 10"),
    ],
)
def test_forms_of_books_and_science(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words
