"""What a text is made of, as a reader counts it: words, sentences, lines, paragraphs, bullets."""

from __future__ import annotations

import re
from collections.abc import Callable

import regex

from harness.metrics._text import normalise, segment

_BULLET = re.compile(r"^\s*[-*•–—+▪‣]\s+(?=\S)", re.MULTILINE)
_NUMBER = re.compile(r"^\s*(?:\d{1,3}|[a-zA-Z])[.)]\s+(?=\S)", re.MULTILINE)
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$|^\s*```\w*\s*$", re.MULTILINE)
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_ALPHANUMERIC = regex.compile(r"[\p{L}\p{N}]")
_END = regex.compile(r"(?:[.!?…]+[\"'”’»)*_\]]*(?=\s|$)|[。！？]+[」』”]*)")
_NO_END = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|No|vs|etc|e\.g|i\.e|approx|Fig|Mt|Inc|Ltd|Co|ca|bzw|z\.B|Nr)|\b[A-Z]|"
    r"\b(?:[A-Za-z]\.)+[A-Za-z])$"
)
_MARKUP = "*_`#> \t\n"
_QUOTES = "\"'“”„«»‘’「」"
_CLOSING = ".!?…。！？,;:"
_SMALL = frozenset(
    {"a", "an", "and", "as", "at", "but", "by", "for", "from", "in", "into", "is", "nor", "of", "on", "or"}
    | {"over", "per", "the", "to", "up", "via", "vs", "with"}
)


def words(text: str) -> int:
    """Return the number of words separated by white space, without list marks; CJK characters one by one."""
    return sum(_words_in(piece) for piece in _without_marks(text).split())


def _words_in(piece: str) -> int:
    if _UNSPACED.search(piece):
        return len(segment(piece))
    return int(_ALPHANUMERIC.search(piece) is not None)


def sentences(text: str) -> int:
    """Return the number of sentences; a paragraph or list item ends one, whatever it ends with."""
    return sum(_sentences_in(" ".join(block.split())) for block in _blocks(text))


def _blocks(text: str) -> list[str]:
    """Return the paragraphs and list items."""
    text = _RULE.sub("\n", text)
    for mark in (_BULLET, _NUMBER):
        text = mark.sub("\n\n", text)
    return [block for block in re.split(r"\n\s*\n", text) if _ALPHANUMERIC.search(block)]


def _sentences_in(block: str) -> int:
    n, start = 0, 0
    for end in _END.finditer(block):
        before, after = block[start : end.start()], block[end.end() :].lstrip()
        goes_on = end.group()[0] in ".…" and (after[:1].islower() or (after and _NO_END.search(before)))
        quoted = end.group()[0] in "!?" and len(end.group()) > 1 and after[:1].islower()
        if not goes_on and not quoted and _ALPHANUMERIC.search(before):
            n, start = n + 1, end.end()
    return n + int(_ALPHANUMERIC.search(block[start:]) is not None)


def lines(text: str) -> int:
    """Return the number of lines that are not blank; horizontal rules and code fences do not count."""
    return sum(bool(line.strip()) for line in _RULE.sub("", text).splitlines())


def paragraphs(text: str) -> int:
    """Return the number of blocks separated by blank lines or horizontal rules."""
    return sum(bool(block.strip()) for block in re.split(r"\n\s*\n", _RULE.sub("\n\n", text)))


def bullets(text: str) -> int:
    """Return the number of lines that begin with a bullet mark; numbered lines do not count."""
    return len(_BULLET.findall(_RULE.sub("", text)))


COUNTS: dict[str, Callable[[str], int]] = {
    "words": words,
    "sentences": sentences,
    "lines": lines,
    "paragraphs": paragraphs,
    "bullets": bullets,
}


def is_title(text: str) -> bool:
    """Return whether every word begins with a capital; small ones need not, except the first."""
    found = [word for word in re.split(r"[\s/]+", text) if _ALPHANUMERIC.search(word)]
    letters = [word.lstrip(_QUOTES + "([" + _MARKUP) for word in found]
    return (
        bool(letters)
        and not (text.isupper() and len(letters) > 1)
        and any(word[:1].isupper() for word in letters)
        and all(
            not word[:1].islower() or (n > 0 and word.strip(_CLOSING + _QUOTES).lower() in _SMALL)
            for n, word in enumerate(letters)
        )
    )


def has(text: str, phrase: str) -> bool:
    """Return whether a phrase occurs in a text as whole words, ignoring case and the kind of white space."""
    return re.search(_whole(phrase), _folded(text)) is not None


def starts(text: str, phrase: str) -> bool:
    """Return whether a text begins with a phrase, ignoring quotation marks and markup."""
    begin = _QUOTES + _MARKUP
    return re.match(_whole(phrase.lstrip(begin) or phrase), _folded(text.lstrip(begin))) is not None


def ends(text: str, phrase: str) -> bool:
    """Return whether a text ends with a phrase; punctuation after it counts only if the phrase has some."""
    end = _QUOTES + _MARKUP + ")" + ("" if phrase.rstrip()[-1] in _CLOSING else _CLOSING)
    return re.search(_whole(phrase.rstrip(end) or phrase) + "$", _folded(text.rstrip(end))) is not None


def is_quoted(text: str) -> bool:
    """Return whether one pair of double quotation marks encloses a text."""
    text = text.strip().removesuffix(".").strip(_MARKUP)
    for left, right in ('""', "“”", "„“", "„”", "«»", "»«", "「」", "『』"):
        inner = text[1:-1]
        if len(text) > 2 and text[0] == left and text[-1] == right and inner.strip():
            first = inner.find(right)
            return first < 0 or (left == right and inner[:first][-1:].strip() == "") or left in inner[:first]
    return False


def _folded(text: str) -> str:
    return normalise(text, punctuation=False)


def _whole(phrase: str) -> str:
    phrase = _folded(phrase)
    before = r"(?<!\w)" if _joins(phrase[:1]) else ""
    return before + re.escape(phrase) + (r"(?!\w)" if _joins(phrase[-1:]) else "")


def _joins(character: str) -> bool:
    return re.match(r"\w", character) is not None and not _UNSPACED.match(character)


def _without_marks(text: str) -> str:
    return _NUMBER.sub("", _BULLET.sub("", text))
