"""Phrase banks of the ticket routing task: what customers write to each of Meridian's nine queues."""

from __future__ import annotations

from benchmarks.meridian._build.common import SHIPS, SITES, WEEKDAYS

SLOTS = {
    "ship": SHIPS,
    "site": SITES,
    "day": WEEKDAYS,
    "hour": ("06:15", "07:40", "09:05", "11:30", "13:20", "14:55", "16:10", "18:45", "20:05", "21:50"),
    "fruit": ("plums", "pears", "apples", "quinces", "cherries", "damsons", "apricots", "medlars"),
    "bag": ("suitcase", "rucksack", "blue bag", "pram", "violin case", "umbrella", "hat box", "walking stick"),
    "goods": ("crates", "pallets", "barrels", "tile boxes", "glass panes", "seed sacks", "paint tins", "tables"),
    "party": ("school class", "choir", "rowing club", "wedding party", "hiking group", "scout troop", "brass band"),
    "amount": ("18 orrins", "26 orrins", "34 orrins", "47 orrins", "59 orrins", "72 orrins", "88 orrins"),
    "size": ("14", "18", "22", "27", "33", "38", "41"),
    "ref": ("4471", "5093", "6128", "7715", "8340", "9262", "3856", "2907"),
    "kin": ("mother", "father", "uncle", "neighbour", "son", "aunt", "grandmother"),
}  # fmt: skip

# Each queue code says nothing about its queue. The last three phrases of a queue are in no training item.
QUEUES: dict[str, tuple[str, ...]] = {
    # Late and cancelled crossings
    "K7": (
        "The {ship} left {site} an hour late on {day}.",
        "Our {hour} crossing from {site} was cancelled without a word.",
        "Is the {hour} boat to {site} running on {day}?",
        "We waited at the pier in {site} and no ferry came.",
        "The board in {site} says delayed but not until when.",
        "Why does the {day} sailing always start late?",
        "The {ship} has been stuck in harbour since {day}.",
        "Will fog stop the {hour} ferry from {site}?",
        "I missed my train because the {ship} arrived so late.",
        "When does the next boat leave {site} if the {hour} one is off?",
        "Nobody could tell us when the {ship} would depart.",
        "The timetable for {site} did not hold on {day}.",
        "The {ship} never turned up for the {hour} departure.",
    ),
    # Things left on board
    "M2": (
        "I left my {bag} on the {ship} on {day}.",
        "Has anyone handed in a {bag} at {site}?",
        "My {bag} is still somewhere on the {ship}.",
        "I forgot a {bag} under a bench on the {hour} boat.",
        "Please look for a {bag} in the lounge of the {ship}.",
        "My {kin} lost a {bag} between {site} and the pier.",
        "A {bag} with my name on it stayed on board on {day}.",
        "Where do I collect things that were found on the {ship}?",
        "I think my {bag} was left behind on deck at {site}.",
        "Could the crew search the {ship} for my {bag}?",
        "I walked off the {ship} without my {bag}.",
        "Did the cleaners find a {bag} after the {hour} crossing?",
        "The {bag} I put on the rack is missing since {day}.",
    ),
    # Money back
    "B4": (
        "Please pay back the {amount} for booking {ref}.",
        "I want my money back for the ticket I did not use on {day}.",
        "When will the {amount} be returned to my card?",
        "I was charged twice for the same ticket, {amount} each time.",
        "I cancelled booking {ref} in time and still have no refund.",
        "The refund for {ref} was {amount} too low.",
        "How do I claim back the fare from {site}?",
        "You owe me {amount} for a cancelled trip.",
        "My claim for {amount} was sent on {day} and nobody paid.",
        "I returned two tickets at {site} and was promised {amount}.",
        "I would like to be reimbursed for trip {ref}.",
        "Kindly transfer the {amount} for the tickets I gave back.",
        "Half of the fare was refunded, where is the rest?",
    ),
    # Fruit quality
    "T9": (
        "Half of the {fruit} in my box were rotten.",
        "The {fruit} from {site} taste of nothing this year.",
        "There were worms in the {fruit} I bought on {day}.",
        "My {fruit} came bruised and soft.",
        "The {fruit} in box {ref} were not ripe at all.",
        "Mould was growing on the {fruit} when I opened the lid.",
        "The skin of the {fruit} is spotted and brown.",
        "The {fruit} smelled sour already on {day}.",
        "Are the {fruit} from {site} sprayed?",
        "I expected sweet {fruit} and these are hard as stone.",
        "The {fruit} had gone off before the date on the lid.",
        "All of the {fruit} at the bottom were squashed to juice.",
        "Not one of the {fruit} was fit to eat.",
    ),
    # Damaged freight
    "D1": (
        "Three {goods} arrived broken in shipment {ref}.",
        "The {goods} we sent to {site} came out wet.",
        "One of our {goods} was dented by the forklift at {site}.",
        "Our {goods} fell off the truck at the dock.",
        "Shipment {ref} is cracked on one side, photos are attached.",
        "The {goods} were crushed in the hold of the {ship}.",
        "Who inspects {goods} that were damaged in transit?",
        "The wrapping of our {goods} was torn open at {site}.",
        "Salt water got into the {goods} of consignment {ref}.",
        "The {goods} on the {ship} were stacked badly and snapped.",
        "Two {goods} of freight {ref} are in pieces.",
        "The load was scratched all over when it reached {site}.",
        "The {goods} were dropped at the warehouse and burst.",
    ),
    # Invoices and accounts of firms
    "R6": (
        "The invoice {ref} shows the wrong company name.",
        "Please send a copy of invoice {ref} for our books.",
        "Our account was billed for {day} although we did not ship.",
        "The tax on bill {ref} is missing.",
        "We need one monthly statement for all our shipments.",
        "Our bookkeeper cannot match invoice {ref} with an order.",
        "Please put our purchase number on the next bill.",
        "By what date must invoice {ref} be settled?",
        "The address on our bill should read {site}.",
        "We received the same invoice twice, number {ref}.",
        "The total on statement {ref} does not add up.",
        "Our accounts office wants bill {ref} split in two.",
        "Could the billing period start on a {day}?",
    ),
    # Web site and app
    "H3": (
        "The app closes whenever I open booking {ref}.",
        "I cannot log in since {day}.",
        "The password mail never arrives.",
        "Your site shows an empty page when I choose {site}.",
        "The button for the next step does nothing on my phone.",
        "My account is locked after three attempts.",
        "The code in the text message is not accepted.",
        "The page freezes when I pick the {hour} sailing.",
        "How do I change the e-mail address of my profile?",
        "The app says error {ref} and stops.",
        "The screen turns white as soon as I sign in.",
        "The web form loses everything I type.",
        "Since the update the map of {site} does not load.",
    ),
    # Groups
    "W8": (
        "We are a {party} of {size} and want to travel together on {day}.",
        "Is there a group price for a {party} to {site}?",
        "Can you keep {size} seats for our {party}?",
        "Our {party} needs one ticket for all {size} of us.",
        "I plan an outing for {size} people from {site}.",
        "May a {party} board early on {day}?",
        "How long ahead must a {party} book the {ship}?",
        "Our {party} has grown from {size} people by five more.",
        "Please reserve the upper deck of the {ship} for a {party}.",
        "What does a tour for {size} pupils cost?",
        "There will be {size} of us, can we sit side by side?",
        "We would like to hire the whole {ship} for a {party}.",
        "Does the leader of a {party} travel free?",
    ),
    # Help for travellers who cannot walk, see or hear well
    "P5": (
        "My {kin} uses a wheelchair, is there a ramp at {site}?",
        "Can someone help my {kin} up the stairs of the {ship}?",
        "Is there a lift on the {ship}?",
        "My {kin} is blind and travels with a guide dog on {day}.",
        "The ramp at {site} is too steep for my wheelchair.",
        "Are the announcements on the {ship} also shown in writing?",
        "I walk on crutches and need a seat near the door.",
        "Is the toilet on the {ship} wide enough for a wheelchair?",
        "My {kin} cannot stand for long, who meets us at {site}?",
        "Do you lend wheelchairs at the pier in {site}?",
        "My {kin} hardly sees, can a steward walk along at {site}?",
        "I need a step-free way from the pier to the {ship}.",
        "My {kin} is deaf, how will we know when to get off?",
    ),
}

OPENERS = (
    "", "", "", "", "Hello.", "Good morning.", "Dear team,", "Hi there.", "I have a problem.", "A quick question.",
    "This is my second message.", "I hope you can help.", "I am writing from {site}.", "Sorry to bother you.",
)  # fmt: skip
CLOSERS = (
    "", "", "", "", "Thank you.", "Please answer soon.", "Who can help?", "What should I do now?",
    "I am rather cross about it.", "You can call me on {day}.", "Best regards from {site}.",
    "This is not the first time.", "I would be glad of an answer by {day}.", "Many thanks in advance.",
)  # fmt: skip

# Said in passing: each of them has the words of another queue than the ticket's own.
ASIDES = {
    "K7": ("The boat was late too, but never mind.", "That the {ship} left late does not matter to me."),
    "M2": ("I also left a {bag} on board, but I have it back.", "By the way, the {bag} was found."),
    "B4": ("I do not want any money back.", "The refund for {ref} has arrived, thanks."),
    "T9": ("The {fruit} you sell on board are lovely.", "My box of {fruit} was fine, by the way."),
    "D1": ("Our freight was not damaged.", "The {goods} arrived whole, at least."),
    "R6": ("The invoice is correct.", "Bill {ref} is paid already."),
    "H3": ("The app works well, I must say.", "I found your address on the web site."),
    "W8": ("I do not travel in a group.", "Our {party} enjoyed the trip in spring."),
    "P5": ("The ramp at {site} was no trouble.", "My {kin} in the wheelchair was well looked after."),
}

# Wording that several queues could mean; each queue has its own nuance.
VAGUE = {
    "K7": ("Nothing moved at {site} on {day}.", "We stood about for two hours in {site}."),
    "M2": ("It must still be on the {ship}.", "I had it with me at {site} and now it is gone."),
    "B4": ("I am {amount} short since {day}.", "It is about the {amount} you still hold."),
    "T9": ("What you sold me on {day} went straight into the bin.", "Box {ref} was not fresh."),
    "D1": ("What reached {site} was not what we had packed.", "Number {ref} did not survive the trip."),
    "R6": ("There is a mistake in paper {ref}.", "Our books and yours differ by {amount}."),
    "H3": ("Nothing happens when I press continue.", "I am not let in any more since {day}."),
    "W8": ("There are {size} of us.", "It would be for {size} people on {day}."),
    "P5": ("My {kin} cannot manage the steps at {site}.", "Who carries my {kin} on board?"),
}
