"""The second half of the plain rules: see ``handbook_plain``."""

from __future__ import annotations

from typing import NamedTuple


class Plain(NamedTuple):
    """A remark that opens the document, and a bank of facts: ``sentence | question | kind of value``."""

    remark: str
    bank: str


MORE_TOPICS = {
    "Life jackets": Plain(
        "Nobody leaves the pier without one.",
        """
        Life jackets are inspected in {v}. | In which month are life jackets inspected? | month
        A life jacket is retired after {v}. | After how many years is a life jacket retired? | n years 4 15
        Life jackets for children are {v}. | What colour are life jackets for children? | colour
        Spare life jackets lie in {v}. | In which room do spare life jackets lie? | room
        """,
    ),
    "Swimming test": Plain(
        "It is taken in the sea and not in a pool.",
        """
        The swimming test is {v} long. | How many metres long is the swimming test? | n metres 50 450 25
        The swimming test is taken by {v}. | Who takes the swimming test of new crews? | person
        The swimming test is repeated after {v}. | After how many months is the swimming test repeated? | months 10 40
        The swimming test takes place at {v}. | At which place does the swimming test take place? | site
        """,
    ),
    "Photos for the press": Plain(
        "A good picture is worth a detour.",
        """
        Press photos are released by {v}. | Who releases press photos? | person
        Press questions are answered within {v}. | Within how many hours are press questions answered? | hours 3 30
        Press photos are stored by the {v}. | Who stores press photos? | department
        A photographer is paid {v} a day. | How much a day is a photographer paid? | money 60 290 10
        """,
    ),
    "Apprentices": Plain(
        "An apprentice sees every house of the company once.",
        """
        Each year {v} are taken on. | How many apprentices are taken on each year? | n apprentices 7 36
        Apprentices earn {v} a month. | How much a month do apprentices earn? | money 410 790 10
        Apprentices begin in {v}. | In which month do apprentices begin? | month
        Apprentices are looked after by {v}. | Who looks after the apprentices? | person
        """,
    ),
    "Company loans": Plain(
        "A loan is a matter between two people and a ledger.",
        """
        A company loan is at most {v}. | How high is a company loan at most? | money 500 4500 100
        A company loan is paid back within {v}. | Within how many months is a company loan paid back? | months 8 60
        Company loans are signed by {v}. | Who signs company loans? | person
        A company loan is asked for with {v}. | With which form is a company loan asked for? | form
        """,
    ),
    "Childcare": Plain(
        "The small house with the round door is for the youngest.",
        """
        Childcare opens at {v}. | At what time does childcare open? | time 5 8
        Childcare costs {v} a week. | How much a week does childcare cost? | money 15 95 5
        Childcare has places for {v}. | For how many children has childcare places? | n children 14 62
        Childcare is led by {v}. | Who leads the childcare? | person
        """,
    ),
    "Bereavement": Plain(
        "Nobody has to explain grief.",
        """
        After a death in the family there are {v} of leave. | How many days of leave are there after a death in the family? | days 3 13
        Wreaths are ordered by the {v}. | Who orders wreaths? | department
        A wreath costs the company up to {v}. | Up to how much does a wreath cost the company? | money 40 140 10
        Families in grief are called by {v}. | Who calls families in grief? | person
        """,
    ),
    "Volunteers on the lifeboat": Plain(
        "The lifeboat belongs to the town and its crew belongs to us.",
        """
        Lifeboat volunteers get {v} of paid leave a year. | How many days of paid leave a year do lifeboat volunteers get? | days 4 16
        The lifeboat drill starts at {v}. | When does the lifeboat drill start? | time 6 20
        Lifeboat volunteers are led by {v}. | Who leads the lifeboat volunteers? | person
        The lifeboat lies at {v}. | At which place does the lifeboat lie? | site
        """,
    ),
    "Noise": Plain(
        "Neighbours of the yards have a right to sleep.",
        """
        Loud work ends at {v}. | When does loud work end? | time 18 21
        Ear protectors are worn above {v}. | Above how many decibels are ear protectors worn? | n decibels 70 98
        Complaints about noise go to {v}. | To whom do complaints about noise go? | person
        Noise is measured every {v}. | On which day is noise measured? | weekday
        """,
    ),
    "Drinking water": Plain(
        "Water is free everywhere.",
        """
        Drinking water is tested every {v}. | On which day is drinking water tested? | weekday
        Water bottles for staff are {v}. | What colour are water bottles for staff? | colour
        A new water bottle costs {v}. | How much does a new water bottle cost? | money 2 14 1
        The drinking water is tested by {v}. | Who tests the drinking water? | person
        """,
    ),
    "Coffee fund": Plain(
        "Whoever drinks also pays.",
        """
        The coffee fund costs {v} a month. | How much a month does the coffee fund cost? | money 2 17 1
        The coffee fund is kept by {v}. | Who keeps the coffee fund? | person
        Coffee is bought from {v}. | From which place is coffee bought? | site
        The coffee machine is descaled every {v}. | On which day is the coffee machine descaled? | weekday
        """,
    ),
    "Fruit baskets": Plain(
        "Fruit that is free gets eaten.",
        """
        Each office gets {v} a week. | How many fruit baskets does each office get a week? | n fruit baskets 2 9
        Fruit baskets are filled by the {v}. | Who fills the fruit baskets? | department
        Empty fruit baskets are collected every {v}. | On which day are empty fruit baskets collected? | weekday
        Fruit baskets are marked with a {v} ribbon. | With which colour of ribbon are fruit baskets marked? | colour
        """,
    ),
    "Ticket machines": Plain(
        "A machine that takes coins needs a friend with a screwdriver.",
        """
        Ticket machines are emptied at {v}. | At what time are ticket machines emptied? | time 20 23
        Ticket machines are repaired by {v}. | Who repairs the ticket machines? | person
        A ticket machine gives back at most {v} in change. | How much change does a ticket machine give back at most? | money 8 49 1
        A new ticket machine costs {v}. | How much does a new ticket machine cost? | money 1200 4800 100
        """,
    ),
    "Season passes": Plain(
        "A season pass is made for those who cross every day.",
        """
        A season pass costs {v}. | How much does a season pass cost? | money 90 390 10
        Season passes are sold from {v} on. | From which month on are season passes sold? | month
        The season pass has a {v} stripe. | What colour of stripe has the season pass? | colour
        A season pass for students is reduced by {v}. | By how much is a season pass for students reduced? | percent 15 60
        """,
    ),
    "Bicycles on ferries": Plain(
        "Riders push their bicycles up the ramp.",
        """
        A ferry takes at most {v}. | How many bicycles does a ferry take at most? | n bicycles 12 68
        The ticket for a bicycle costs {v}. | How much does the ticket for a bicycle cost? | money 2 12 1
        Bicycle racks are oiled in {v}. | In which month are bicycle racks oiled? | month
        Stolen bicycles are reported to the {v}. | To whom are stolen bicycles reported? | department
        """,
    ),
    "Animals as freight": Plain(
        "Animals travel calmly when people do.",
        """
        A horse on board costs {v}. | How much does a horse on board cost? | money 18 90 2
        Animals are loaded before {v}. | Before which time are animals loaded? | time 5 8
        Animals on board are watched by {v}. | Who watches the animals on board? | person
        A crossing may take at most {v} of animals. | How many pens of animals may a crossing take? | n pens 3 14
        """,
    ),
    "Storm watch": Plain(
        "The sky is read by instruments and by old knees.",
        """
        The storm watch is called out by the {v}. | Who calls out the storm watch? | department
        The storm watch has {v}. | How many members has the storm watch? | n members 4 18
        The storm flag is {v}. | What colour is the storm flag? | colour
        The storm watch meets in {v}. | In which room does the storm watch meet? | room
        """,
    ),
    "Ice on the decks": Plain(
        "Salt is kinder to boots than broken legs are.",
        """
        Decks are salted from {v} on. | From which month on are decks salted? | month
        Each ferry carries {v} of salt. | How many sacks of salt does each ferry carry? | n sacks 4 25
        Salt is ordered by {v}. | Who orders the salt for the decks? | person
        Salting begins at {v}. | At what time does salting begin? | time 3 6
        """,
    ),
    "Model ships": Plain(
        "The models in the hall are built by pensioners.",
        """
        The hall shows {v}. | How many model ships does the hall show? | n model ships 13 58
        The oldest model ship was built by {v}. | Who built the oldest model ship? | person
        Model ships are dusted every {v}. | On which day are model ships dusted? | weekday
        The model ships are insured for {v}. | For how much are the model ships insured? | money 2000 9500 500
        """,
    ),
    "Pensioners": Plain(
        "Whoever has left the company has not left the table.",
        """
        Pensioners eat in the canteen for {v}. | For how much do pensioners eat in the canteen? | money 1 7 1
        Pensioners meet every {v}. | On which day do pensioners meet? | weekday
        The letter to pensioners is written by {v}. | Who writes the letter to pensioners? | person
        The trip of the pensioners goes to {v}. | To which place does the trip of the pensioners go? | site
        """,
    ),
    "Interviews": Plain(
        "An interview is a talk between equals.",
        """
        An interview takes {v}. | How many minutes does an interview take? | minutes 20 95
        Travel to an interview is paid up to {v}. | Up to how much is travel to an interview paid? | money 20 140 10
        Interviews are held in {v}. | In which room are interviews held? | room
        Applicants hear back within {v}. | Within how many days do applicants hear back? | days 3 20
        """,
    ),
    "References and diplomas": Plain(
        "What somebody has done here is put on good paper.",
        """
        References are written within {v}. | Within how many weeks are references written? | weeks 1 8
        References are sealed by the {v}. | Who seals references? | department
        A second copy of a diploma costs {v}. | How much does a second copy of a diploma cost? | money 4 29 1
        Diplomas are framed by {v}. | Who frames the diplomas? | person
        """,
    ),
    "Paint shop": Plain(
        "Paint dries when it wants to.",
        """
        The paint shop mixes {v} of colour. | How many shades of colour does the paint shop mix? | n shades 14 78
        The paint shop is run by {v}. | Who runs the paint shop? | person
        The paint shop is aired for {v} a day. | How many hours a day is the paint shop aired? | hours 2 9
        Paint is ordered with {v}. | With which form is paint ordered? | form
        """,
    ),
    "Rope store": Plain(
        "A rope that looks tired is tired.",
        """
        Mooring ropes are replaced after {v}. | After how many months are mooring ropes replaced? | months 7 38
        The rope store is in {v}. | In which room is the rope store? | room
        Old rope is sold for {v} a bundle. | For how much a bundle is old rope sold? | money 3 21 1
        The rope store closes at {v}. | At what time does the rope store close? | time 15 19
        """,
    ),
    "Clock tower": Plain(
        "The whole harbour sets its watches by it.",
        """
        The clock tower is wound every {v}. | On which day is the clock tower wound? | weekday
        The clock tower has {v}. | How many steps has the clock tower? | n steps 84 290 2
        The keeper of the clock tower is {v}. | Who is the keeper of the clock tower? | person
        A visit to the clock tower costs {v}. | How much does a visit to the clock tower cost? | money 1 9 1
        """,
    ),
    "Post for the islands": Plain(
        "Letters for the islands travel with the first boat.",
        """
        Island post is sorted at {v}. | At what time is island post sorted? | time 4 7
        Island post is carried in a {v} bag. | In which colour of bag is island post carried? | colour
        A parcel to the islands costs {v}. | How much does a parcel to the islands cost? | money 3 22 1
        Island post is carried by {v}. | Who carries the island post? | person
        """,
    ),
    "Seed exchange": Plain(
        "Old sorts live on when many gardens grow them.",
        """
        The seed exchange takes place in {v}. | In which month does the seed exchange take place? | month
        The seed exchange is hosted at {v}. | At which place is the seed exchange hosted? | site
        The catalogue of the seed exchange lists {v}. | How many sorts does the catalogue of the seed exchange list? | n sorts 60 380 10
        The seed exchange is run by {v}. | Who runs the seed exchange? | person
        """,
    ),
}  # fmt: skip
