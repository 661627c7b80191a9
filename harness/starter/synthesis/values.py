"""Values that answers are made of: amounts, dates, times, durations, measures."""

from __future__ import annotations

from collections.abc import Callable

from harness.starter.synthesis import words
from harness.starter.synthesis.core import Source


def number(source: Source) -> int:
    """A number of one to four digits, often a round one."""
    kind = source.between(0, 4)
    if kind == 0:
        return source.between(2, 20)
    if kind == 1:
        return source.between(2, 20) * 5
    if kind == 2:
        return source.between(2, 99) * 10
    return source.between(2, 999) if kind == 3 else source.between(100, 4000)


def amount(source: Source) -> str:
    """Money, such as `140 crowns`."""
    value = number(source)
    text = f"{value:,}" if value > 999 and source.chance(0.3) else str(value)
    if source.chance(0.12):
        return f"{source.pick('$€£')}{text}"
    unit = f"{source.word()}s" if source.chance(0.25) else source.pick(words.CURRENCIES)
    return f"{text} {unit}"


def duration(source: Source) -> str:
    """A length of time, such as `14 days`."""
    unit = source.pick(
        ("minutes", "hours", "days", "working days", "weeks", "months", "years", "days", "weeks")
    )
    value = source.between(2, 60)
    if source.chance(0.2):
        return f"{source.pick(words.NUMBER_WORDS[2:])} {unit}"
    return f"{value} {unit}"


def date(source: Source) -> str:
    """A date, with or without the year."""
    text = f"{source.between(1, 28)} {source.pick(words.MONTHS)}"
    return f"{text} {year(source)}" if source.chance(0.4) else text


def year(source: Source) -> str:
    """A year from 1900 to 2035."""
    return str(source.between(1900, 2035))


def clock(source: Source) -> str:
    """A time of day."""
    style = source.between(0, 3)
    hour, minute = source.between(1, 23), source.pick(("00", "15", "30", "45", "10", "20"))
    if style == 0:
        return f"{source.between(1, 12)} {source.pick(('am', 'pm'))}"
    return f"{hour}:{minute}" if style < 3 else f"{hour} o'clock"


def percent(source: Source) -> str:
    """A percentage."""
    value = source.between(1, 95)
    return f"{value}%" if source.chance(0.3) else f"{value} percent"


def measure(source: Source) -> str:
    """A physical quantity."""
    unit = source.pick(
        ("kg", "grams", "litres", "metres", "cm", "km", "watts", "volts", "tonnes", "degrees", "mm")
    )
    return f"{number(source)} {unit}"


def weekday(source: Source) -> str:
    """A day of the week."""
    return source.pick(words.WEEKDAYS)


def month(source: Source) -> str:
    """A month."""
    return source.pick(words.MONTHS)


def colour(source: Source) -> str:
    """A colour."""
    return source.pick(words.COLOURS)


def count(source: Source) -> str:
    """A small number in digits or words."""
    return str(source.between(2, 40)) if source.chance(0.7) else source.pick(words.NUMBER_WORDS[2:])


def extension(source: Source) -> str:
    """A telephone extension or number."""
    return (
        source.digits(source.pick((3, 4, 4, 5)))
        if source.chance(0.8)
        else f"0{source.digits(3)} {source.digits(4)}"
    )


def email(source: Source) -> str:
    """An address for mail."""
    return f"{source.word()}@{source.word()}.{source.pick(('com', 'org', 'net', 'example'))}"


def role(source: Source) -> str:
    """Who is responsible, with its article."""
    if source.chance(0.3):
        return f"the {source.pick(words.THINGS).capitalize()} {source.pick(words.OFFICES)}"
    return source.pick(words.ROLES)


def room(source: Source) -> str:
    """A place in a building: with its article, or a numbered room."""
    if source.chance(0.25):
        letter = source.letters(1) if source.chance(0.6) else ""
        return f"Room {source.between(1, 99)}{letter}"
    return source.pick(words.ROOMS)


def thing(source: Source) -> str:
    """A thing with an adjective and an article."""
    return f"the {source.pick(words.ADJECTIVES)} {source.pick(words.THINGS)}"


KINDS: dict[str, Callable[[Source], str]] = {
    "amount": amount,
    "duration": duration,
    "date": date,
    "year": year,
    "clock": clock,
    "percent": percent,
    "measure": measure,
    "weekday": weekday,
    "month": month,
    "colour": colour,
    "count": count,
    "extension": extension,
    "email": email,
    "role": role,
    "room": room,
    "person": Source.person,
    "place": Source.place,
    "company": Source.company,
    "product": Source.product,
    "code": Source.code,
    "word": Source.word,
    "job": lambda source: source.pick(words.JOBS),
    "number": lambda source: str(number(source)),
}
