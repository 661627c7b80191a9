"""Which language a text is in, among a fixed set of languages."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache
from typing import Any

from py3langid import langid

LANGUAGES = {
    "Arabic": ("ar", "ARABIC"),
    "Chinese": ("zh", "CJK"),
    "Czech": ("cs", "LATIN"),
    "Danish": ("da", "LATIN"),
    "Dutch": ("nl", "LATIN"),
    "English": ("en", "LATIN"),
    "Finnish": ("fi", "LATIN"),
    "French": ("fr", "LATIN"),
    "German": ("de", "LATIN"),
    "Greek": ("el", "GREEK"),
    "Hindi": ("hi", "DEVANAGARI"),
    "Italian": ("it", "LATIN"),
    "Japanese": ("ja", "CJK"),
    "Korean": ("ko", "HANGUL"),
    "Polish": ("pl", "LATIN"),
    "Portuguese": ("pt", "LATIN"),
    "Russian": ("ru", "CYRILLIC"),
    "Spanish": ("es", "LATIN"),
    "Swedish": ("sv", "LATIN"),
    "Turkish": ("tr", "LATIN"),
    "Ukrainian": ("uk", "CYRILLIC"),
}
"""The languages that can be identified, each with its ISO 639-1 code and its script."""

FREQUENT = ("English", "French", "German", "Spanish", "Italian")
FEW_WORDS = 5
"""Below this many words only the frequent languages and the expected one are considered."""


def is_in(text: str, language: str) -> bool:
    """Return whether ``language``, one of ``LANGUAGES``, is the likeliest language of a text.

    The script that most letters have decides first. Where a text is in several languages, the one with the
    most of it is likeliest. The model is py3langid's (Lui and Baldwin, 2011): naive Bayes over byte n-grams.
    """
    script = _script(text)
    if script != LANGUAGES[language][1]:
        return False
    few = len(text.split()) < FEW_WORDS
    rivals = {
        code
        for name, (code, its_script) in LANGUAGES.items()
        if its_script == script and (name == language or not few or script == "CJK" or name in FREQUENT)
    }
    ranked = [code for code, _ in _identifier().rank(text) if code in rivals]
    return bool(ranked[0] == LANGUAGES[language][0])


def _script(text: str) -> str | None:
    """Return the script of most of a text's letters, counting Japanese and Chinese as one script."""
    counts = Counter(
        unicodedata.name(character, "?").split()[0]
        for character in text
        if unicodedata.category(character)[0] == "L"
    )
    for kana in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"):
        counts["CJK"] += counts.pop(kana, 0)
    name, count = counts.most_common(1)[0]
    return name if count else None


@cache
def _identifier() -> Any:
    identifier = langid.LanguageIdentifier.from_modelpath(langid.MODEL_DIR / langid.MODEL_FILE)
    identifier.set_languages([code for code, _ in LANGUAGES.values()])
    return identifier
