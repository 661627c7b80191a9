"""Text in any language: normalisation and segmentation into words.

Normalisation is Unicode's own (NFKC, case folding); accents and other marks belong to letters and are kept.
Words follow Unicode word segmentation (UAX #29) as far as it matters for scoring: a word is a run of letters,
digits and marks; an apostrophe between letters, a separator between digits and an underscore do not end it.
Scripts that write no spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) are cut into characters, each with
its marks. An emoji is a word, whatever it is composed of.
"""

from __future__ import annotations

import unicodedata

import regex

_UNSPACED_SCRIPTS = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u30fc\uff70"
)
_UNSPACED = rf"[\p{{L}}\p{{N}}&&[{_UNSPACED_SCRIPTS}]]\p{{M}}*"
_LETTER = rf"[\p{{L}}\p{{N}}--[{_UNSPACED_SCRIPTS}]]"
_RUN = rf"{_LETTER}(?:{_LETTER}|[\p{{M}}\u200c\u200d])*"  # U+200C and U+200D shape Persian and Indic words.
_EMOJI = r"\p{RI}{2}|[\p{So}\p{Extended_Pictographic}](?:[\p{M}\p{Emoji_Modifier}]|\u200d\p{So})*"
_INNER = r"(?:(?<=[\p{L}\p{M}])'(?=\p{L})|(?<=\p{N})[.,](?=\p{N})|_+)"
_WORDS = regex.compile(rf"(?V1){_UNSPACED}|{_RUN}(?:{_INNER}{_RUN})*|{_EMOJI}")
_PIECES = regex.compile(rf"(?V1){_UNSPACED}|{_RUN}|{_EMOJI}")

# Punctuation that changes the meaning (5 % is not 5, C# is not C) is not dropped.
_PUNCTUATION = regex.compile(r"(?V1)[\p{P}--[%‰&#@/§]]+")
_INVISIBLE = dict.fromkeys([0x00AD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, 0xFEFF])
_DASHES = regex.compile(r"[\p{Pd}\u2212]")
_APOSTROPHES = regex.compile("[\u2018\u2019\u02bc]")
_ARTICLES = regex.compile(r"(?<!\S)(?:a|an|the)(?!\S)", flags=regex.IGNORECASE)


def normalise(
    text: str,
    *,
    unicode: bool = True,
    casefold: bool = True,
    punctuation: bool = True,
    white_space: bool = True,
    articles: bool = False,
) -> str:
    """Return ``text`` without the differences that should not count.

    Args:
        text: Any text.
        unicode: Compatibility composition (NFKC: ``ﬁ`` is ``fi``, full width is plain), every dash and
            apostrophe in its ASCII form, invisible marks without meaning removed.
        casefold: Full case folding (``STRASSE`` is ``straße``).
        punctuation: Drop it, except one character inside a word or number (``don't``, ``3.5``, ``b-c``),
            a minus before a number, and ``% ‰ & # @ / §``. Text of punctuation alone is left as it is.
        white_space: Replace each run by one space, and strip the ends.
        articles: Drop the English ``a``, ``an`` and ``the``, unless nothing would be left.
    """
    if unicode:
        text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
        text = _APOSTROPHES.sub("'", _DASHES.sub("-", text))
    if casefold:
        text = text.casefold()
        text = unicodedata.normalize("NFKC", text) if unicode else text
    if punctuation:
        text = _unless_empty(_PUNCTUATION.sub(_kept_punctuation, text), text)
    if articles:
        text = _unless_empty(_ARTICLES.sub(" ", text), text)
    return " ".join(text.split()) if white_space else text


def segment(text: str) -> list[str]:
    """Return the words of ``text`` in order; white space, punctuation and signs are not among them."""
    return _WORDS.findall(text)


def places(text: str) -> list[tuple[int, int]]:
    """Return where the words of ``text`` begin and end."""
    return [match.span() for match in _WORDS.finditer(text)]


def segment_alphanumeric(text: str) -> list[str]:
    """Return the words of ``text`` in order, cut at every character that is not a letter, digit or mark.

    On ASCII text these are the runs of ``[A-Za-z0-9]``.
    """
    return _PIECES.findall(text)


def _kept_punctuation(match: regex.Match[str]) -> str:
    text, run = match.string, match.group()
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    joins = _in_word(before) and _in_word(after)
    if joins:
        return run if len(run) == 1 else " "
    return "-" if run[-1] == "-" and after.isdecimal() else ""


def _in_word(character: str) -> bool:
    return character != "" and unicodedata.category(character)[0] in "LNM"


def _unless_empty(text: str, otherwise: str) -> str:
    return text if text.strip() else otherwise
