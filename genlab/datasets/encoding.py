"""The text of a file of unknown encoding."""

from __future__ import annotations

import codecs
import re
from itertools import pairwise

from genlab.datasets.examples import refuse

MARKS = (  # the longer ones first: that of UTF-16 begins that of UTF-32
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 100_000  # bytes that an encoding is guessed from
# What Windows writes languages of Latin letters in, by the letters with accents that these have. The first that has all
# of a text is taken: where a byte could be of two languages, the one with more speakers comes first.
LANGUAGES = (
    *(("cp1252", letters) for letters in ("äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúüªº", "áâãàçéêíóôõúüªº", "àèéìòù")),
    *(("cp1252", letters) for letters in ("æøåéèêóòô", "åäöéàü", "äëïéèöüóí", "àçéèíïóòúü")),
    *(("cp1250", letters) for letters in ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áéíóöőúüű", "ăâîşţ", "áäčďéíĺľňóôŕšťúýž")),
    ("cp1250", "čćđšž"),
    ("cp1254", "çğıöşüâîû"),
    ("cp1252", "áðéíóúýþæö"),
)
LATIN = ("cp1252", "cp1250")  # of texts of several languages
# What Windows writes elsewhere, and what East Asia does; others are tried where none of these reads.
COMMON = [f"cp125{i}" for i in (0, 1, 3, 5, 6)] + ["koi8_r", "cp932", "euc_jp", "gb18030", "big5", "cp949"]
ADVICE = "Expected a table as text: export it as CSV in UTF-8, or name its encoding."
ZEROS = 0.2  # share of every other byte: digits and separators in UTF-16, whatever its words are
PLAIN = 0.3  # share of letters in such words that are without an accent
SIGNS = "€£$°²³µ–—‘’“”„…«»§·±×½¼¾®©™\xa0"
BLANKS = "\t\n\r\f\v"


def decoded(content: bytes, encoding: str | None = None) -> tuple[str, str]:
    """The text, and the name of its encoding: as given, else by its byte order mark, else UTF-8, else found out by
    charset-normalizer. Raises DataRefused for what is not text.
    """
    name = encoding or _marked(content) or _unmarked(content)
    try:
        text = content.decode(name)
    except LookupError:
        refuse(f"There is no encoding called '{name[:40]}'.", "Expected a name such as utf-8, cp1252 or utf-16.")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        refuse(f"Line {line} is not in {name}: the byte {content[error.start]:#04x} stands for nothing there.", ADVICE)
    odd = next((letter for letter in text[:SAMPLE] if ord(letter) < 32 and letter not in BLANKS), None)
    if odd is not None or "\0" in text:
        refuse("It is not text.", f"{ADVICE} A single picture goes into a zip with the others.")
    return text.removeprefix("\ufeff"), name


def _marked(content: bytes) -> str | None:
    return next((name for mark, name in MARKS if content.startswith(mark)), None)


def _unmarked(content: bytes) -> str:
    start = content[:SAMPLE]
    if b"\0" in start:  # many of every other byte of UTF-16 in a table
        halves = {"utf-16-be": start[::2], "utf-16-le": start[1::2]}
        name = max(halves, key=lambda name: halves[name].count(0))
        if halves[name].count(0) < ZEROS * len(halves[name]):
            refuse("It is not text.", f"{ADVICE} A single picture goes into a zip with the others.")
        return name
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(content)
    return "utf-8"


def _guessed(content: bytes) -> str:
    """Western, Central European or Turkish where the lines that are not ASCII read well so; else what
    charset-normalizer says of them.
    """
    from charset_normalizer import from_bytes

    sample = b"\n".join(line for line in content.splitlines() if not line.isascii())[:SAMPLE]
    spoken = (name for name, letters in LANGUAGES if _reads_well(sample, name) and _is_of(sample, name, letters))
    if found := next(spoken, None) or next((name for name in LATIN if _reads_well(sample, name)), None):
        return found
    best = from_bytes(sample, cp_isolation=COMMON).best() or from_bytes(sample).best()
    if best is None:
        refuse("Its encoding cannot be found out.", ADVICE)
    return best.encoding


def _is_of(sample: bytes, encoding: str, letters: str) -> bool:
    """Whether a text has none but these letters beside those of ASCII, in an encoding that it reads well in."""
    text = sample.decode(encoding).lower()
    return {letter for letter in text if ord(letter) > 127 and letter.isalpha()} <= set(letters)


def _reads_well(sample: bytes, encoding: str) -> bool:
    """Whether, read in an encoding of European languages, accents are within words that have other letters too, no
    capital follows a small letter, and no sign is a part of a word. A table has few words, by which a guess at the
    encoding often errs.
    """
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    if not all(letter.isalnum() or letter in SIGNS for letter in text if ord(letter) > 127):
        return False
    words = [word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
    plain = sum(letter.isascii() for word in words for letter in word)
    attached = re.search(r"[£³²¹][^\W\d_]", text) is not None  # signs that are letters elsewhere
    mixed = any(a.islower() and b.isupper() and not b.isascii() for word in words for a, b in pairwise(word))
    return not (mixed or attached) and plain >= PLAIN * sum(map(len, words))
