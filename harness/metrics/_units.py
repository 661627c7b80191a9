"""Units of measurement beside a number: which one it is, however it is written."""

from __future__ import annotations

import re

_SPELLINGS = {
    "%": "% percent percentage pct",
    "$": "$ dollar dollars usd us$ bucks",
    "€": "€ euro euros eur",
    "£": "£ gbp sterling",
    "¥": "¥ yen jpy",
    "ct": "¢ cent cents",
    "km": "km kms kilometre kilometres kilometer kilometers",
    "m": "m metre metres meter meters",
    "cm": "cm centimetre centimetres centimeter centimeters",
    "mm": "mm millimetre millimetres millimeter millimeters",
    "mi": "mi mile miles",
    "ft": "ft foot feet",
    "in": "inch inches",
    "yd": "yd yard yards",
    "kg": "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes",
    "g": "g gram grams gramme grammes",
    "mg": "mg milligram milligrams",
    "t": "t tonne tonnes ton tons",
    "lb": "lb lbs",
    "pound": "pound pounds",
    "oz": "oz ounce ounces",
    "l": "l litre litres liter liters",
    "ml": "ml millilitre millilitres milliliter milliliters",
    "h": "h hr hrs hour hours",
    "min": "min mins minute minutes",
    "s": "s sec secs second seconds",
    "ms": "ms millisecond milliseconds",
    "d": "d day days",
    "wk": "week weeks",
    "mo": "month months",
    "yr": "yr yrs year years",
    "°c": "°c celsius",
    "°f": "°f fahrenheit",
    "°": "° degree degrees",
    "kmh": "km/h kmh kph",
    "mph": "mph",
    "m/s": "m/s",
    "m^2": "m^2 sqm",
    "km^2": "km^2",
    "m^3": "m^3",
    "w": "w watt watts",
    "kw": "kw kilowatt kilowatts",
    "v": "v volt volts",
    "gb": "gb gigabyte gigabytes",
    "mb": "mb megabyte megabytes",
    "kb": "kb kilobyte kilobytes",
}
_UNITS = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings.split()}
_PER = {"km": {"h": "kmh"}, "mi": {"h": "mph"}, "m": {"s": "m/s"}}
_AFTER = re.compile(r"[\s*_-]{0,3}(?P<unit>[%$€£¥¢]|°\s?[cfCF]?|per ?cent\b|[^\W\d_]+(?:/[^\W\d_]+|\^\d)?)")
_RATE = re.compile(r"\s?(?:per|an|a|/)\s?(?P<time>[^\W\d_]+)")
_BEFORE = re.compile(r"(?P<unit>[$€£¥]|\b(?:USD|EUR|GBP|JPY))\s?-?$")
_POWERS = {"s": "^2", "c": "^3"}


def unit_at(text: str, start: int, end: int) -> str | None:
    """Return the unit of the number from ``start`` to ``end`` in a text, or None.

    A currency may precede it. Only the units in the table above count; any other word after the number
    ("12 apples", "12 in all") gives None. A letter is a unit only where it ends a word.
    """
    before = _BEFORE.search(text[max(0, start - 6) : start])
    if before:
        return _UNITS[before["unit"].lower()]
    match = _AFTER.match(text, end)
    if match is None:
        return None
    written = match["unit"].replace(" ", "").lower()
    unit = _UNITS.get("%" if written == "percent" else written)
    if unit == "°":
        scale = re.match(r"\s?(celsius|fahrenheit|c\b|f\b)", text[match.end() :].lower())
        return f"°{scale.group(1)[0]}" if scale else unit
    rate = _RATE.match(text, match.end())
    if unit in _PER and rate:
        return _PER[unit].get(_UNITS.get(rate["time"].lower(), ""), unit)
    if written in {"square", "cubic"}:
        of = re.match(r"\s?([^\W\d_]+)", text[match.end() :])
        base = _UNITS.get(of.group(1).lower()) if of else None
        return f"{base}{_POWERS[written[0]]}" if base else None
    return unit
