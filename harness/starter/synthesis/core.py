"""Examples, and the source of random choices and names that the families draw on."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

Split = Literal["train", "heldout"]
T = TypeVar("T")

HELDOUT_ONE_IN = 8


def is_heldout(name: str) -> bool:
    """Whether a name belongs to the held-out split, by a hash that is the same everywhere."""
    return hashlib.sha256(name.lower().encode()).digest()[0] % HELDOUT_ONE_IN == 0


@dataclass
class Example:
    """One conversation.

    Attributes:
        family: Family of tasks.
        turns: (user, assistant) texts in order.
        system: Instruction, or None for a conversation without a system turn.
        counts: For each turn, whether its answer can be known from what stands before it and is learned.
        tags: What the last question is an instance of.
    """

    family: str
    turns: list[tuple[str, str]]
    system: str | None = None
    counts: list[bool] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.counts:
            self.counts = [True] * len(self.turns)

    @property
    def question(self) -> str:
        """The last user text."""
        return self.turns[-1][0]

    @property
    def answer(self) -> str:
        """The last assistant text."""
        return self.turns[-1][1]


ONSETS = [
    "b",
    "br",
    "c",
    "ch",
    "cl",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "qu",
    "r",
    "s",
    "sh",
    "sk",
    "st",
    "t",
    "th",
    "tr",
    "v",
    "w",
    "y",
    "z",
]
VOWELS = ["a", "a", "e", "e", "i", "o", "o", "u", "ai", "ea", "ie", "oa", "ou"]
CODAS = ["n", "r", "l", "s", "m", "t", "d", "k", "x", "nd", "rn", "lt", "sk", "ck", "rd", "th", "v"]
PLACE_ENDS = [
    "ton",
    "ham",
    "ford",
    "wick",
    "stad",
    "mouth",
    "field",
    "burg",
    "bridge",
    "port",
    "dale",
    "holm",
    "vik",
    "haven",
    "more",
    "sund",
]
FIRM_ENDS = [
    "Works",
    "Foods",
    "Group",
    "Systems",
    "Logistics",
    "Labs",
    "Partners",
    "Bank",
    "Supplies",
    "Travel",
    "Energy",
    "Mills",
    "Tools",
    "Press",
]
GIVEN = [
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Ella",
    "Felix",
    "Greta",
    "Hugo",
    "Iris",
    "Jonas",
    "Karla",
    "Leo",
    "Mara",
    "Nils",
    "Olga",
    "Paul",
    "Rosa",
    "Simon",
    "Tessa",
    "Udo",
    "Vera",
    "Walt",
    "Yara",
    "Zeno",
    "Alma",
    "Boris",
    "Carla",
    "Dario",
    "Edith",
    "Frank",
    "Gina",
    "Hanna",
    "Ivan",
    "Julia",
    "Kurt",
    "Lena",
    "Marco",
    "Nora",
    "Oscar",
    "Petra",
    "Rita",
    "Sven",
    "Tina",
    "Viktor",
    "Wanda",
    "Ada",
    "Bruno",
    "Cora",
    "Dana",
    "Emil",
    "Flora",
    "Georg",
    "Helga",
    "Igor",
    "Jana",
    "Karl",
    "Lydia",
    "Milo",
    "Nina",
    "Otto",
    "Pia",
    "Ralf",
    "Sara",
    "Theo",
    "Ursula",
    "Vito",
    "Willa",
    "Amir",
    "Bela",
    "Chen",
    "Divya",
    "Enzo",
    "Fatima",
    "Goran",
    "Hiro",
    "Ines",
    "Jamal",
    "Kofi",
    "Leila",
    "Ming",
    "Noor",
    "Omar",
    "Priya",
    "Quinn",
    "Ravi",
    "Sofia",
    "Tomas",
    "Uma",
    "Yusuf",
    "Zara",
]


class Source:
    """Random choices from one seed, and names of one split.

    Args:
        seed: Anything whose text decides all choices.
        split: Which names may appear.
    """

    def __init__(self, seed: object, split: Split = "train") -> None:
        self.rng = random.Random(f"starter/{split}/{seed}")
        self.split = split

    def chance(self, share: float) -> bool:
        """True with a probability of `share`."""
        return self.rng.random() < share

    def between(self, least: int, most: int) -> int:
        """A whole number from `least` to `most`, both included."""
        return self.rng.randint(least, most)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self.rng.random() * len(options))]

    def sample(self, options: Sequence[T], n: int) -> list[T]:
        """`n` different options in random order (all, when there are fewer)."""
        return self.rng.sample(options, min(n, len(options)))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in random order."""
        return self.rng.sample(items, len(items))

    def distinct(self, make: Callable[[], str], n: int) -> list[str]:
        """`n` different strings made by `make`."""
        found: dict[str, None] = {}
        while len(found) < n:
            found[make()] = None
        return list(found)

    def named(self, make: Callable[[], str]) -> str:
        """The first string from `make` that belongs to this split."""
        while True:
            name = make()
            if is_heldout(name) == (self.split == "heldout"):
                return name

    def _syllables(self, least: int, most: int) -> str:
        parts = []
        count = self.between(least, most)
        for index in range(count):
            parts.append(self.pick(ONSETS) + self.pick(VOWELS))
            if index == count - 1 or self.chance(0.2):
                parts.append(self.pick(CODAS))
        return "".join(parts)

    def word(self) -> str:
        """An invented word in lower case."""
        return self.named(lambda: self._syllables(1, 3))

    def surname(self) -> str:
        """An invented family name."""
        return self.named(lambda: self._syllables(1, 2).capitalize())

    def person(self) -> str:
        """A given name with an invented family name."""
        return f"{self.pick(GIVEN)} {self.surname()}"

    def place(self) -> str:
        """An invented town."""
        return self.named(lambda: (self._syllables(1, 1) + self.pick(PLACE_ENDS)).capitalize())

    def company(self) -> str:
        """An invented company."""
        base = self.named(lambda: self._syllables(1, 2).capitalize())
        return f"{base} {self.pick(FIRM_ENDS)}" if self.chance(0.5) else base

    def product(self) -> str:
        """An invented product, sometimes with a number."""
        base = self.named(lambda: self._syllables(1, 2).capitalize())
        return f"{base} {self.between(2, 90)}" if self.chance(0.4) else base

    def letters(self, n: int) -> str:
        """`n` random capital letters."""
        return "".join(self.pick("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(n))

    def digits(self, n: int) -> str:
        """`n` random digits, the first not zero."""
        return str(self.between(10 ** (n - 1), 10**n - 1))

    def code(self) -> str:
        """A short code of letters and digits."""
        shape = self.pick(("L-2", "LL-2", "LL-3", "L3", "LL4", "LLL", "L2L", "LL-2-L", "3-L"))
        return self.named(lambda: self._fill(shape))

    def _fill(self, shape: str) -> str:
        out = ""
        for kind, run in _runs(shape):
            out += self.letters(run) if kind == "L" else self.digits(run) if kind == "9" else "-"
        return out

    def label(self) -> str:
        """A new label: an invented word, a code, or a few words joined."""
        style = self.between(0, 6)
        if style <= 1:
            return self.code()
        if style == 2:
            return self.named(lambda: f"{self.word()}_{self.word()}")
        if style == 3:
            return self.named(lambda: "_".join(self.sample(LABEL_WORDS, self.between(2, 3))))
        if style == 4:
            return self.named(lambda: "-".join(self.sample(LABEL_WORDS, 2)))
        return self.word().capitalize() if self.chance(0.4) else self.word()


LABEL_WORDS = [
    "card",
    "payment",
    "transfer",
    "cash",
    "account",
    "order",
    "refund",
    "change",
    "top",
    "up",
    "limit",
    "failed",
    "pending",
    "wrong",
    "new",
    "lost",
    "verify",
    "request",
    "status",
    "blue",
    "north",
    "desk",
    "team",
    "line",
    "queue",
    "first",
    "second",
    "inbox",
    "care",
    "help",
    "area",
    "unit",
    "group",
    "level",
    "basic",
    "extra",
    "fast",
    "slow",
    "open",
    "closed",
    "red",
    "green",
    "west",
    "south",
    "lane",
    "gate",
    "box",
    "slot",
    "ring",
    "star",
    "oak",
    "elm",
    "pine",
    "rock",
    "lake",
    "hill",
]


def _runs(shape: str) -> list[tuple[str, int]]:
    """`LL-3` as [("L", 2), ("-", 1), ("9", 3)]."""
    runs: list[tuple[str, int]] = []
    for char in shape:
        if char.isdigit():
            runs.append(("9", int(char)))
        elif runs and runs[-1][0] == char == "L":
            runs[-1] = ("L", runs[-1][1] + 1)
        else:
            runs.append((char, 1))
    return runs
