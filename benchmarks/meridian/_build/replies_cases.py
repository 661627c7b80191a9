"""What customers write to Meridian and what the company does about it: eight kinds of mail with three cases each.

A mail names the thing (``{thing}``) and the day (``{day}``) it is about; which case it is stands between the lines.
The last mail of each case is in no training item.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.meridian._build.common import SHIPS


@dataclass(frozen=True)
class Situation:
    """A case: how customers put it, and what the company does."""

    mails: tuple[str, ...]
    done: str


@dataclass(frozen=True)
class Issue:
    """A kind of mail: what it can be about, how the company names that, and its cases."""

    things: tuple[str, ...]
    about: str
    situations: tuple[Situation, ...]


ISSUES = {
    "late": Issue(
        SHIPS,
        "the {thing} on {day}",
        (
            Situation(
                (
                    "The {thing} came in ten minutes late on {day}.",
                    "On {day} the {thing} lost a quarter of an hour.",
                    "The {thing} was a little behind its time on {day}.",
                    "I had to wait a few minutes for the {thing} on {day}.",
                ),
                "The harbour log is read tonight and the pilot hears of it.",
            ),
            Situation(
                (
                    "The {thing} came in two hours late on {day}.",
                    "On {day} the {thing} kept us waiting in {site} all morning.",
                    "I stood in {site} for half the day, the {thing} was so late on {day}.",
                    "The {thing} took four hours longer than it should on {day}.",
                ),
                "Half the fare goes back to your card.",
            ),
            Situation(
                (
                    "The {thing} did not come at all on {day}.",
                    "On {day} the {thing} was cancelled without a word.",
                    "I stood in {site} on {day} and no {thing} ever came.",
                    "The {thing} never left its berth on {day}.",
                ),
                "The whole fare goes back to you and the next crossing is free.",
            ),
        ),
    ),
    "lost": Issue(
        ("green scarf", "leather case", "red umbrella", "camera", "grey coat", "straw hat", "sketch book", "flute"),
        "the {thing} lost on {day}",
        (
            Situation(
                (
                    "I left my {thing} in the saloon on {day}.",
                    "My {thing} must be lying under a bench in the saloon since {day}.",
                    "On {day} I forgot my {thing} at the bar of the saloon.",
                    "My {thing} stayed on a chair in the saloon on {day}.",
                ),
                "The steward searches the saloon tonight and finds wait at the pier house.",
            ),
            Situation(
                (
                    "I left my {thing} on the open deck on {day}.",
                    "The wind took my {thing} on deck on {day}.",
                    "On {day} my {thing} was left on a bench in the bow.",
                    "My {thing} lay by the rail when I got off on {day}.",
                ),
                "The deckhands look along the rails and write to you by Monday.",
            ),
            Situation(
                (
                    "Somebody stole my {thing} on {day}.",
                    "On {day} my {thing} was taken from the rack by a stranger.",
                    "A thief has my {thing} since {day}.",
                    "I saw a man walk off with my {thing} on {day}.",
                ),
                "The harbour guard opens a file and calls you within two days.",
            ),
        ),
    ),
    "fruit": Issue(
        ("plums", "pears", "apples", "quinces", "cherries", "damsons", "apricots", "medlars"),
        "the {thing} of {day}",
        (
            Situation(
                (
                    "The {thing} I bought on {day} were rotten.",
                    "On {day} I opened the box and the {thing} were mouldy.",
                    "The {thing} that came on {day} smell of mould.",
                    "Half of the {thing} had gone bad when they came on {day}.",
                ),
                "A fresh box leaves the orchard on Thursday.",
            ),
            Situation(
                (
                    "Only half of my {thing} came on {day}.",
                    "On {day} I got two crates of {thing} and had paid for four.",
                    "Some of the {thing} were missing on {day}.",
                    "The crate of {thing} that came on {day} was nearly empty.",
                ),
                "The packers count again and the rest comes with the mail boat.",
            ),
            Situation(
                (
                    "The {thing} I bought on {day} taste sour.",
                    "On {day} I tried your {thing} and they have no taste.",
                    "The {thing} of {day} are hard and green.",
                    "I found the {thing} far from sweet on {day}.",
                ),
                "The orchard master tastes the harvest and sends you a jar of honey.",
            ),
        ),
    ),
    "refund": Issue(
        ("18 orrins", "26 orrins", "34 orrins", "47 orrins", "59 orrins", "72 orrins", "88 orrins", "93 orrins"),
        "the matter of {thing} on {day}",
        (
            Situation(
                (
                    "I was charged {thing} twice on {day}.",
                    "On {day} you took {thing} from my card two times.",
                    "The same {thing} stand on my bill of {day} twice.",
                    "My bank shows {thing} and {thing} again for {day}.",
                ),
                "The ledger room strikes the second charge out today.",
            ),
            Situation(
                (
                    "You promised me {thing} back on {day} and nothing has come.",
                    "Since {day} I wait for the {thing} that you owe me.",
                    "Where are the {thing} that you said on {day} I would get back?",
                    "The {thing} you agreed to return on {day} have not arrived.",
                ),
                "The ledger room pays within nine days and adds three orrins.",
            ),
            Situation(
                (
                    "I cannot travel on {day}, please give me my {thing} back.",
                    "I am ill and want to return my ticket of {day} for {thing}.",
                    "Please cancel my trip of {day}, the ticket cost {thing}.",
                    "We have other plans now, can I have the {thing} for {day} back?",
                ),
                "You get a voucher for the sum, which is good for two years.",
            ),
        ),
    ),
    "group": Issue(
        ("choir", "rowing club", "school class", "brass band", "scout troop", "hiking group", "dance school", "team"),
        "the trip of the {thing} on {day}",
        (
            Situation(
                (
                    "Our {thing} wants to sit together on {day}.",
                    "Can our {thing} have seats side by side on {day}?",
                    "On {day} our {thing} would like a deck to itself.",
                    "Is there a corner where our {thing} can stay together on {day}?",
                ),
                "The upper deck is kept free for you.",
            ),
            Situation(
                (
                    "Is there a lower fare for our {thing} on {day}?",
                    "What does it cost when our {thing} travels on {day}?",
                    "On {day} our {thing} wants to travel cheaply.",
                    "Do you give our {thing} a discount on {day}?",
                ),
                "Every sixth seat costs nothing.",
            ),
            Situation(
                (
                    "Can our {thing} eat on board on {day}?",
                    "On {day} our {thing} would like a warm lunch.",
                    "Our {thing} will be hungry on {day}, is there soup?",
                    "Please lay the tables for our {thing} on {day}.",
                ),
                "The cook keeps a pot of soup and long tables for you.",
            ),
        ),
    ),
    "access": Issue(
        ("mother", "father", "uncle", "son", "aunt", "grandmother", "neighbour", "daughter"),
        "the trip of your {thing} on {day}",
        (
            Situation(
                (
                    "My {thing} uses a wheelchair and travels on {day}.",
                    "On {day} my {thing} cannot climb the stairs.",
                    "My {thing} needs a ramp on {day}.",
                    "There must be no steps for my {thing} on {day}.",
                ),
                "The ramp is laid out before boarding and a steward pushes the chair.",
            ),
            Situation(
                (
                    "My {thing} is blind and travels on {day}.",
                    "On {day} my {thing}, who cannot see, comes alone.",
                    "My {thing} has lost the eyesight and needs a hand on {day}.",
                    "Who leads my blind {thing} to the boat on {day}?",
                ),
                "A steward with a blue sash walks along from gate to seat.",
            ),
            Situation(
                (
                    "My {thing} gets seasick, what can we do on {day}?",
                    "On {day} my {thing} fears the waves.",
                    "My {thing} feels ill on every boat and travels on {day}.",
                    "The rocking is hard on my {thing}, who sails on {day}.",
                ),
                "A seat in the middle of the ship and ginger tea are kept.",
            ),
        ),
    ),
    "freight": Issue(
        ("barrels", "tables", "tile boxes", "glass panes", "seed sacks", "paint tins", "mirrors", "crates"),
        "the {thing} of {day}",
        (
            Situation(
                (
                    "Two of our {thing} came broken on {day}.",
                    "On {day} our {thing} arrived in pieces.",
                    "The {thing} we got on {day} are cracked.",
                    "Our {thing} did not survive the trip of {day}.",
                ),
                "The cargo council looks at the damage on the quay and pays for it.",
            ),
            Situation(
                (
                    "Our {thing} were wet on {day}.",
                    "On {day} water ran out of our {thing}.",
                    "The {thing} of {day} stood in the rain.",
                    "Our {thing} were soaked when we got them on {day}.",
                ),
                "The {thing} are dried in the salt barn and brought back to you.",
            ),
            Situation(
                (
                    "Our {thing} went to {site} by mistake on {day}.",
                    "On {day} you brought our {thing} to the wrong town.",
                    "The {thing} of {day} are not ours, somebody else has ours.",
                    "Our {thing} were unloaded at another harbour on {day}.",
                ),
                "A tug boat fetches them and you pay no storage.",
            ),
        ),
    ),
    "praise": Issue(
        ("soup", "captain", "sunset tour", "deck music", "new benches", "plum cake", "ship's cat", "night crossing"),
        "the {thing} on {day}",
        (
            Situation(
                (
                    "We loved the {thing} on {day}.",
                    "What a pleasure, the {thing} on {day}!",
                    "I only write to praise the {thing} of {day}.",
                    "On {day} the {thing} made us happy.",
                ),
                "The crew reads your words aloud and a lantern is lit for you.",
            ),
            Situation(
                (
                    "We liked the {thing} on {day}, and it could be even better.",
                    "The {thing} on {day} was good, but too short.",
                    "On {day} we enjoyed the {thing}, though there was not enough of it.",
                    "Nice, the {thing} on {day}, yet I wish for more.",
                ),
                "Your wish goes on the slate in the mess room.",
            ),
            Situation(
                (
                    "May I write about the {thing} of {day} in our paper?",
                    "I would like to print a picture of the {thing} of {day}.",
                    "Our magazine wants to report on the {thing} of {day}.",
                    "Can I interview somebody about the {thing} of {day}?",
                ),
                "The chart hall sends you pictures and a friendly voice.",
            ),
        ),
    ),
}
