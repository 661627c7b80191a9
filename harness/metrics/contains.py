"""Contains: does an accepted answer occur in the text?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from harness.config import Options
from harness.metrics._base import TextMetric
from harness.metrics._mentions import Text, mentions, read
from harness.metrics.refusal_accuracy import ENGLISH_REFUSALS
from harness.scoring import Case
from harness.tasks.answers import POLARITY, option_places, yes_or_no
from harness.tasks.questions import asked_text

__all__ = ["Contains"]


class ContainsOptions(Options):
    """What counts as right, and what does not.

    ``negated`` and ``hedged`` also accept an answer that is ruled out ("not Paris") or is one of several
    ("Paris or Lyon"). ``plural`` takes a common noun's other number ("mammals" for "a mammal").
    """

    negated: bool = False
    hedged: bool = False
    plural: bool = True


class Contains(TextMetric):
    """1.0 where an accepted answer occurs in the text as whole words and as the answer, else 0.0.

    Case and punctuation do not count, nor does the accepted answer's leading article; Chinese, Japanese and
    other scripts without spaces are compared by characters. An occurrence does not count where it is ruled
    out, offered as one of several, or named in a refusal; where the item or the task has choices, naming
    another one as well does not count.
    """

    names = ("contains",)
    options_type = ContainsOptions

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return ``contains`` for each case, 0.0 or 1.0."""
        return [
            self._row(
                case.extracted,
                case.item.targets,
                case.item.choices or case.task.choices,
                asked_text(case.task, case.item),
                case.task.refusal or "",
            )
            for case in cases
        ]

    def score_text(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """Return ``contains``, 0.0 or 1.0, without looking at choices, question or the task's refusal."""
        return self._row(prediction, references, (), "", "")

    def _row(
        self, answer: str, accepted: Sequence[str], choices: Sequence[str], question: str, refusal: str
    ) -> dict[str, float]:
        text = read(answer)
        if (
            refusal.strip()
            and _begins(text, refusal)
            and not any(_begins(read(a), refusal) for a in accepted)
        ):
            return {"contains": 0.0}
        rivals = () if self.options.hedged else _rivals(question, accepted)
        right = not _begins_with_both(text, accepted, rivals) and any(
            self._stands(text, each, accepted, question, rivals) for each in accepted
        )
        if right and not self.options.hedged:
            taken = [place for each in accepted for place in mentions(text, each, plural=self.options.plural)]
            others = [choice for choice in choices if not _among(choice, accepted)]
            right = not any(self._names(text, other, taken, question) for other in others)
        return {"contains": float(right)}

    def _stands(
        self, text: Text, each: str, accepted: Sequence[str], question: str, rivals: Sequence[str]
    ) -> bool:
        word = each.strip().casefold().rstrip(".!")
        if word in POLARITY:
            return yes_or_no(text.plain, POLARITY[word]) == word
        return any(
            self._counts(text, place, question)
            and (self.options.hedged or not _hedged(text, place, accepted))
            and not any(self._names(_sentence(text, place), rival, (), question) for rival in rivals)
            for place in self._places(text, each)
        )

    def _names(self, text: Text, other: str, taken: Sequence[tuple[int, int]], question: str) -> bool:
        """Whether another choice is named, other than inside an accepted answer or to rule it out."""
        return any(
            self._counts(text, (first, last), question)
            and not _COMPARED.search(_around(text, (first, last))[0])
            for first, last in self._places(text, other)
            if not any(start <= first and last <= end for start, end in taken)
        )

    def _places(self, text: Text, each: str) -> Iterable[tuple[int, int]]:
        places = list(mentions(text, each, plural=self.options.plural))
        if each.strip() in {"A", "I"} and len(text.words) > 1:  # they are words as well as letters
            starts = {start for start, _ in option_places(text.plain, each.strip())}
            places = [place for place in places if text.words[place[0]].start in starts]
        return places

    def _counts(self, text: Text, place: tuple[int, int], question: str) -> bool:
        before, after = _around(text, place)
        if _refuses(before):
            return False
        asked = _ASKED.match(text.plain, text.words[place[1] - 1].end)
        believed = _BELIEVED.search(before) and _IN_FACT.search(after)
        ruled_out = _NEGATED.search(before) or _denied(after, question) or asked or believed
        return self.options.negated or not ruled_out


# --- Ruled out ---

_LINK = (
    r"a|an|the|be|been|being|in|at|on|by|to|from|of|called|named|located|really|actually|very|necessarily|"
    r"situated|considered|le|la|les|der|die|das|den|el|il"
)
_NEGATED = re.compile(
    r"(?:\b(?:not(?! (?:only|just)\b)|cannot|never|nor|neither|rather than|other than|instead of|except|"
    r"except for|unlike|nicht|kein|keine|pas|no es|non è|não é)|n't|不是|不在|并非|並非|不叫)"
    rf"(?: (?:{_LINK}))*[\s\"'*(]*$",
    re.IGNORECASE,
)
_ASKED = re.compile(r"[\"'*)]*\?\s+no\b", re.IGNORECASE)
_BELIEVED = re.compile(
    r"\b(?:many|some|most|people|often|commonly)\b.*\b(?:think|believe|assume|mistake|thought|mistaken)",
    re.IGNORECASE,
)
_IN_FACT = re.compile(r"\b(?:actually|in fact|really|not true|wrong)\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?;](?:\s|$)|\n|。")
_COMPARED = re.compile(rf"\b(?:than|compared to|compared with)(?: (?:{_LINK}))*[\s\"'*(]*$", re.IGNORECASE)
_DENIED = re.compile(
    r"[\"'*)]*(?: (?:is|are|was|were) (?:not |wrong\b|incorrect\b|false\b)|(?: is| are| was| were)n't )"
    r"(?:(?:a|an|the) )?(?P<what>\w+)?|[\"'*)]* ?(?:ではな|ではあり|じゃな|不是答案)",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"\b(?:" + "|".join(map(re.escape, ENGLISH_REFUSALS)) + r")\b(?P<rest>.*)$", re.IGNORECASE | re.DOTALL
)
_COMMITS = re.compile(r"\b(?:but|however|think|believe|guess|assume|maybe|perhaps|probably)\b", re.IGNORECASE)


def _around(text: Text, place: tuple[int, int]) -> tuple[str, str]:
    """Return the rest of the sentence before and after a mention."""
    start, end = text.words[place[0]].start, text.words[place[1] - 1].end
    before = _SENTENCE_END.split(text.plain[max(0, start - 300) : start])[-1]
    after = _SENTENCE_END.split(text.plain[end : end + 300])[0]
    return before, after


def _sentence(text: Text, place: tuple[int, int]) -> Text:
    before, after = _around(text, place)
    return read(before + text.plain[text.words[place[0]].start : text.words[place[1] - 1].end] + after)


def _denied(after: str, question: str) -> bool:
    """Whether a denial follows ("Paris is not the capital"), of what was asked or of being right."""
    match = _DENIED.match(after)
    if match is None:
        return False
    what = (match["what"] or "").casefold()
    asked = {word.key for word in read(question).words}
    return not what or what in asked | {"correct", "right", "true", "answer"} or "not" not in match.group()


def _refuses(before: str) -> bool:
    match = _REFUSES.search(before)
    return match is not None and not _COMMITS.search(match["rest"])


def _begins(text: Text, refusal: str) -> bool:
    return any(first == 0 for first, _ in mentions(text, refusal))


# --- Hedged ---

_NO_NAME = "which|who|that|where|when|and|but|as|because|is|was|or|it|they|he|she|we|i"
_ITEM = rf"(?!(?:{_NO_NAME})\b)[\w'&.-]+(?: [\w'&.-]+){{0,3}}"
_OR = r"(?:or|oder|ou)(?: (?:maybe|perhaps|possibly|even))?"
_ARTICLE = r"(?:(?:in|a|an|the|der|die|das|le|la|les) )?"
_NO_ALTERNATIVE = (
    r"so|not|more|less|else|fewer|rather|any|another|something|it|they|he|she|we|i|you|to|in other"
)
_OR_AFTER = re.compile(
    rf"[\"'*]*(?P<list>(?:, {_ARTICLE}{_ITEM}?)*?)(?P<comma>,?) {_OR} {_ARTICLE}[\"'*]*"
    rf"(?!(?:{_NO_ALTERNATIVE})\b)(?P<other>.+)",
    re.IGNORECASE,
)
_OR_BEFORE = re.compile(rf"(?P<other>[\w'%.-]+)[\"'*]*,? {_OR} {_ARTICLE}[\"'*]*$", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween [\w.,]+(?: \w+)? and [\w.,]+", re.IGNORECASE)
_EITHER = re.compile(r"\b(?:either|whether|entweder|soit)\b[^,]*$", re.IGNORECASE)


def _hedged(text: Text, place: tuple[int, int], accepted: Sequence[str]) -> bool:
    """Whether the mention is one of several that are offered: either A or B, A or B, A, B or C."""
    before, after = _around(text, place)
    name = text.words[place[0]].written
    if name[:1].isdecimal() and _BETWEEN.search(f"{before}{name}{after[:20]}"):
        return True
    left = _OR_BEFORE.search(before)
    if left and _alike(left["other"], name) and not _accepts_end(before[: left.end("other")], accepted):
        return True
    right = _OR_AFTER.match(after)
    if right is None or not _alike(right["other"].split()[0], name):
        return False
    apposition = right["comma"] and not right["list"] and not _EITHER.search(before)
    return not apposition and not _accepts_start(right["other"], accepted)


def _alike(other: str, name: str) -> bool:
    """Whether a word can replace a name: capitals for capitals, a number for a number."""
    if name[:1].isdecimal():
        return other[:1].isdecimal() or (read(other).words[:1] != () and read(other).words[0].key.isdecimal())
    return other[:1].isupper() or not name.istitle()


def _accepts_start(other: str, accepted: Sequence[str]) -> bool:
    text = read(other)
    return any(first == 0 for each in accepted for first, _ in mentions(text, each, plural=True))


def _accepts_end(before: str, accepted: Sequence[str]) -> bool:
    text = read(before)
    return any(last == len(text.words) for each in accepted for _, last in mentions(text, each, plural=True))


def _rivals(question: str, accepted: Sequence[str]) -> list[str]:
    """Return what a question offers besides an accepted answer: Italy in "Is it in Spain or in Italy?"."""
    text, rivals = read(question), []
    for first, last in (place for each in accepted for place in mentions(text, each, plural=True)):
        before, after = _around(text, (first, last))
        if left := _OR_BEFORE.search(before):
            rivals.append(left["other"])
        if right := _OR_AFTER.match(after):
            rivals.append(re.split(r"[,.?!;:]", right["other"])[0])
    keys = {word.key for each in accepted for word in read(each).words}
    return [rival for rival in rivals if not keys.intersection(word.key for word in read(rival).words)]


def _begins_with_both(text: Text, accepted: Sequence[str], rivals: Sequence[str]) -> bool:
    """Whether the first sentence names an accepted answer and a rival together: Spain and Italy are ..."""
    first = _SENTENCE_END.split(text.plain.strip(), maxsplit=1)[0]
    pairs = [(re.escape(each), re.escape(rival)) for each in accepted for rival in rivals]
    both = (rf"\b(?:{a} and {_ARTICLE}{b}|{b} and {_ARTICLE}{a})\b" for a, b in pairs)
    return any(re.search(pattern, first, re.IGNORECASE) for pattern in both)


def _among(choice: str, accepted: Sequence[str]) -> bool:
    keys = [word.key for word in read(choice).words]
    return any(keys == [word.key for word in read(each).words] for each in accepted)
