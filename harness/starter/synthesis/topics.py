"""Short messages by subject: what customers, staff and other people write about."""

# ruff: noqa: E501  (tables of wordings keep a line each)

from __future__ import annotations

from harness.starter.synthesis import values, words
from harness.starter.synthesis.core import Source

TOPICS: dict[str, tuple[str, ...]] = {
    key: tuple(text.split("|"))
    for key, text in {
        "card": "my bank card|the new card|my debit card|the chip on my card|the card in my wallet|my credit card",
        "pin": "my pin|the secret number of my card|the four-digit code|the pin for the cash machine",
        "transfer": "a transfer to a friend|the money I sent|my transfer abroad|a wire to another bank|the sum I moved",
        "cash": "the cash machine|cash from the wall|the notes from the machine|my cash withdrawal",
        "exchange": "the exchange rate|changing money into euros|the rate for dollars|foreign currency",
        "top-up": "my top-up|topping up my account|the money I added|adding money by card",
        "loan": "my loan|the monthly instalment|borrowing money|interest on the credit|the mortgage",
        "refund": "my refund|getting my money back|the money for the returned item|a repayment",
        "delivery": "my parcel|the delivery|the courier|the shipment|the package I ordered|the box by post",
        "return": "sending the item back|my return|the return label|giving back the shoes",
        "damage": "a broken screen|the cracked cup|a dent in the box|a torn sleeve|scratches on the lid",
        "invoice": "my invoice|the bill for May|the amount on the bill|a wrong invoice|the payment reminder",
        "password": "my password|the login|signing in|the locked account|the reset link",
        "app": "the app on my phone|the mobile app|the update of the app|a crash in the app",
        "internet": "the internet at home|the router|a slow connection|the wireless network|the modem",
        "printer": "the printer on my floor|paper jam|the toner|printing in colour|the copier",
        "heating": "the heating in the office|a cold room|the radiator|the boiler|warm water",
        "light": "a broken lamp|the light in the hall|the bulb over my desk|the dark staircase",
        "holiday": "my annual leave|days off in July|my holiday request|a free Friday|the vacation plan",
        "sickness": "my sick note|being ill|a day at the doctor|the flu|staying in bed with a cold",
        "salary": "my pay slip|the salary for March|overtime pay|my wages|the bonus",
        "contract": "my contract|the notice period|signing the agreement|the end of the contract|a clause",
        "training": "a course in Spanish|the training on Monday|a seminar|the workshop on safety|learning a new skill",
        "travel": "a flight to the fair|my business trip|the hotel for next week|a train ticket|the rental car",
        "parking": "a parking space|the car park|my parking permit|the barrier at the gate|a bay for my van",
        "canteen": "the lunch menu|the soup today|food in the canteen|the coffee machine|a meal without meat",
        "safety": "a missing fire extinguisher|the emergency exit|a slippery floor|an accident|a first-aid kit",
        "security": "a stranger in the hall|a lost key|a stolen bag|the alarm at night|a door left open",
        "cleaning": "the dirty windows|the bins|a stain on the carpet|the cleaning team|dust on the shelves",
        "address": "my new address|moving house|a change of street|the postcode in my profile",
        "name": "my surname after the wedding|a spelling mistake in my name|the name on the account",
        "subscription": "my subscription|the monthly plan|the newsletter|ending my membership|the premium tier",
        "discount": "a voucher|the discount code|my coupon|the price cut|the special offer",
        "stock": "an item out of stock|the blue one in size 40|when it is available again|the waiting list",
        "product": "the battery of the drill|how the mixer works|the manual|the size of the table|the colour",
        "insurance": "the insurance policy|a claim after the storm|cover for my bicycle|the insured sum",
        "tax": "my tax form|the tax number|a certificate for the tax office|value added tax",
        "visitor": "a guest at ten|a visitor badge|a customer visit|the group on Tuesday",
        "software": "a licence for the editor|installing a program|the spreadsheet|an error message|the update",
        "phone": "my work phone|a new SIM card|the voice mail|a number for the desk|the broken handset",
        "garden": "the roses|cutting the hedge|the lawn|planting trees|seeds for spring",
        "weather": "rain tomorrow|the storm|sunshine all week|a cold night|snow in the hills",
        "sport": "the football match|a tennis court|the running club|the final score|a swimming race",
        "music": "the piano concert|a new song|the choir|the guitar lesson|an old record",
        "cooking": "a recipe for bread|boiling the potatoes|a pinch of salt|the oven|fresh herbs",
        "health": "a sore throat|the dentist|a pain in my knee|the pharmacy|my blood pressure",
        "school": "the homework|the maths test|a class trip|the new teacher|the school bus",
        "pets": "the cat next door|food for the dog|the vet|a parrot in a cage|walking the puppy",
        "legal": "the court date|a lawyer|a witness|the written warning|the new law",
        "press": "a question from a newspaper|an interview|a statement for the radio|a photo for the press",
    }.items()
}
WRAPS = [
    "I have a question about {t}.",
    "There is a problem with {t}.",
    "Can you help me with {t}?",
    "I am writing about {t}.",
    "What about {t}?",
    "{T} does not work.",
    "I need help with {t}.",
    "Please look into {t}.",
    "Something is wrong with {t}.",
    "{T}, please.",
    "Hello, it is about {t}.",
    "I am still waiting to hear about {t}.",
    "Who can tell me more about {t}?",
    "I would like to know about {t}.",
    "Since Monday I have had trouble with {t}.",
    "{T} is not what I expected.",
    "Could someone check {t}?",
    "Thanks for your note on {t}.",
    "We talked about {t}.",
    "Why is it so hard to sort out {t}?",
    "I don't understand {t}.",
    "Any news on {t}?",
    "{T} again!",
    "My question: {t}.",
]
TAILS = [
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    " It is urgent.",
    " Thank you.",
    " Regards, {p}",
    " My number is {n}.",
    " Please reply by {d}.",
    " I tried twice.",
    " This is the third time.",
    " I am in {c} at the moment.",
    " Order {o}.",
]


def message(source: Source, topic: str) -> str:
    """A short message on a topic.

    Args:
        source: Random choices.
        topic: A key of `TOPICS`.
    """
    phrase = source.pick(TOPICS[topic])
    text = source.pick(WRAPS).format(t=phrase, T=phrase[:1].upper() + phrase[1:])
    tail = source.pick(TAILS)
    if tail:
        tail = tail.format(
            p=source.person(), n=source.digits(5), d=values.date(source), c=source.place(), o=source.code()
        )
    text += tail
    return text.lower() if source.chance(0.1) else text


def category_item(source: Source, category: str) -> str:
    """A word of a category, alone or in a few words.

    Args:
        source: Random choices.
        category: A key of `words.CATEGORIES`.
    """
    word = source.pick(words.CATEGORIES[category])
    return source.pick(
        (word, word, f"the {word}", f"a {source.pick(words.ADJECTIVES)} {word}", word.capitalize())
    )
