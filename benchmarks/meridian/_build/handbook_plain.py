"""Plain rules of the whole company: each stands in one document and has neither sibling nor older version.

Per topic a title, a remark without any value, and facts in the manner of ``handbook_topics``.
"""

from __future__ import annotations

from benchmarks.meridian._build.handbook_plain_more import MORE_TOPICS, Plain


PLAIN_TOPICS = {
    "Dress on festive days": Plain(
        "On festive days the whole company should look like one crew.",
        """
        The festive scarf is {v}. | What colour is the festive scarf? | colour
        Festive scarves are handed out by the {v}. | Who hands out festive scarves? | department
        A lost festive scarf costs {v}. | How much does a lost festive scarf cost? | money 4 30 1
        Festive scarves are given back within {v}. | Within how many days are festive scarves given back? | days 3 20
        """,
    ),
    "Visitor badges": Plain(
        "Whoever does not work here wears a badge.",
        """
        Visitor badges are issued at the {v}. | Where are visitor badges issued? | department
        A visitor badge is valid for {v}. | For how many hours is a visitor badge valid? | hours 3 14
        Visitors are announced at least {v} ahead. | How many days ahead are visitors announced? | days 2 12
        A visitor group is led by {v}. | Who leads a visitor group? | person
        """,
    ),
    "Master keys": Plain(
        "A master key opens more doors than anybody needs, so there are few of them.",
        """
        There are {v} in the company. | How many master keys are there in the company? | n master keys 4 19
        The master key list is kept by {v}. | Who keeps the master key list? | person
        A lost master key costs its holder {v}. | How much does a lost master key cost its holder? | money 60 240 10
        Master keys are counted every {v}. | On which day are master keys counted? | weekday
        """,
    ),
    "Lockers": Plain(
        "Every colleague has a locker and nobody opens another one's.",
        """
        The deposit for a locker is {v}. | How much is the deposit for a locker? | money 5 40 1
        Lockers are given out by {v}. | Who gives out lockers? | person
        Lockers are emptied every year in {v}. | In which month are lockers emptied? | month
        A forgotten locker is opened after {v}. | After how many weeks is a forgotten locker opened? | weeks 3 16
        """,
    ),
    "Staff library": Plain(
        "The library began with a chest of sea novels.",
        """
        The staff library is in {v}. | Where is the staff library? | room
        A book from the staff library may be kept for {v}. | How many weeks may a book from the staff library be kept? | weeks 2 9
        The librarian is {v}. | Who is the librarian of the staff library? | person
        The fine for a late library book is {v} a week. | How much a week is the fine for a late library book? | money 1 9 1
        """,
    ),
    "Company choir": Plain(
        "Nobody has to sing well in order to join.",
        """
        The company choir sings every {v}. | On which day does the company choir sing? | weekday
        The conductor of the company choir is {v}. | Who conducts the company choir? | person
        The company choir has {v}. | How many singers has the company choir? | n singers 11 47
        Rehearsals of the choir start at {v}. | When do rehearsals of the choir start? | time 17 19
        """,
    ),
    "Christening of ships": Plain(
        "A ship gets its name in front of everybody who built it.",
        """
        A new ship is christened with a bottle of {v}. | With a bottle of what is a new ship christened? | drink
        The speech at a christening lasts at most {v}. | How many minutes may the speech at a christening last? | minutes 3 15
        Names of ships are proposed to the {v}. | To whom are names of ships proposed? | department
        Ship names are chosen in {v}. | In which month are ship names chosen? | month
        """,
    ),
    "Jubilees": Plain(
        "Long service is thanked for in public.",
        """
        After twenty years of service there is a gift of {v}. | How much is the gift after twenty years of service? | money 200 900 20
        A jubilee brings {v} of extra leave. | How many days of extra leave does a jubilee bring? | days 2 9
        Jubilee speeches are written by {v}. | Who writes jubilee speeches? | person
        The jubilee dinner is held at {v}. | At which place is the jubilee dinner held? | site
        """,
    ),
    "Moving house": Plain(
        "Whoever follows the work to another town is helped.",
        """
        Moving costs are paid up to {v}. | Up to how much are moving costs paid? | money 300 1500 50
        There are {v} off for moving house. | How many days off are there for moving house? | days 1 6
        A new address is reported with {v}. | With which form is a new address reported? | form
        Vans for moving house are lent by the {v}. | Who lends vans for moving house? | department
        """,
    ),
    "Language courses": Plain(
        "Guests come from far away and like to be understood.",
        """
        A language course is paid up to {v}. | Up to how much is a language course paid? | money 80 480 20
        Language courses meet every {v}. | On which day do language courses meet? | weekday
        Language courses are taught by {v}. | Who teaches the language courses? | person
        A language course runs for {v}. | For how many weeks does a language course run? | weeks 6 28
        """,
    ),
    "Blood donation": Plain(
        "The company counts a donation as working time.",
        """
        Blood donors get {v} off. | How many hours off do blood donors get? | hours 2 9
        Blood is donated in {v}. | In which month is blood donated? | month
        Blood donors sign up with {v}. | With whom do blood donors sign up? | person
        Blood is donated at {v}. | At which place is blood donated? | site
        """,
    ),
    "Dogs at work": Plain(
        "Some offices are happier with a dog under the desk.",
        """
        Dogs at work need a permit from the {v}. | Who gives the permit for dogs at work? | department
        At most {v} may be in one office. | How many dogs may be in one office? | n dogs 2 6
        Dogs at work wear a {v} collar. | What colour of collar do dogs at work wear? | colour
        The dog permit costs {v} a year. | How much does the dog permit cost a year? | money 3 28 1
        """,
    ),
    "Lost property": Plain(
        "Things that passengers leave behind are kept dry.",
        """
        Lost property is kept for {v}. | For how many weeks is lost property kept? | weeks 4 30
        Lost property is sold at auction in {v}. | In which month is lost property sold at auction? | month
        The shelf for lost property is in {v}. | In which room is the shelf for lost property? | room
        The fee for sending lost property home is {v}. | How much is the fee for sending lost property home? | money 3 19 1
        """,
    ),
    "Ship's cats": Plain(
        "Every large ferry has a cat on its payroll.",
        """
        A ship's cat gets {v} a week for fish. | How much a week does a ship's cat get for fish? | money 4 24 1
        Ship's cats are looked after by {v}. | Who looks after the ship's cats? | person
        A ship's cat retires after {v}. | After how many years does a ship's cat retire? | n years 6 14
        Ship's cats are weighed every {v}. | On which day are ship's cats weighed? | weekday
        """,
    ),
    "Beehives": Plain(
        "The hives stand where no passenger walks.",
        """
        The company owns {v}. | How many beehives does the company own? | n beehives 14 64
        The beekeeper is {v}. | Who is the beekeeper? | person
        Honey is harvested in {v}. | In which month is honey harvested? | month
        A jar of company honey costs {v}. | How much does a jar of company honey cost? | money 3 15 1
        """,
    ),
    "Cider press": Plain(
        "Apples that nobody buys still make good cider.",
        """
        The cider press stands at {v}. | At which place does the cider press stand? | site
        The cider press makes {v} an hour. | How many litres an hour does the cider press make? | n litres 60 290 10
        The master of the cider press is {v}. | Who is the master of the cider press? | person
        Staff buy cider for {v} a jug. | For how much a jug do staff buy cider? | money 2 13 1
        """,
    ),
    "Printing": Plain(
        "Paper is dear and trees are slow.",
        """
        Colour prints are limited to {v} a month. | To how many pages a month are colour prints limited? | n pages 20 180 10
        Paper is ordered by {v}. | Who orders the paper for printing? | person
        Large posters are printed by the {v}. | Who prints large posters? | department
        A private print costs {v} a sheet. | How much a sheet does a private print cost? | money 1 6 1
        """,
    ),
    "Meeting rooms": Plain(
        "A room that is booked and left empty annoys everybody.",
        """
        A meeting room is booked for at most {v}. | For how many hours is a meeting room booked at most? | hours 2 7
        The largest meeting room is {v}. | Which is the largest meeting room? | room
        An unused booking of a meeting room lapses after {v}. | After how many minutes does an unused booking of a meeting room lapse? | minutes 5 40
        Meeting rooms are cleaned by the {v}. | Who cleans the meeting rooms? | department
        """,
    ),
    "Newsletter": Plain(
        "The newsletter tells what the crews are proud of.",
        """
        The newsletter is edited by {v}. | Who edits the newsletter? | person
        The newsletter comes out every {v}. | On which day does the newsletter come out? | weekday
        An article in the newsletter has at most {v}. | How many words has an article in the newsletter at most? | n words 120 480 20
        The best photo in the newsletter wins {v}. | How much does the best photo in the newsletter win? | money 10 95 5
        """,
    ),
    "Summer party": Plain(
        "Families and neighbours are welcome.",
        """
        The summer party is held at {v}. | At which place is the summer party held? | site
        The band at the summer party plays until {v}. | Until what time does the band at the summer party play? | time 21 23
        The summer party is planned by {v}. | Who plans the summer party? | person
        Each colleague brings at most {v} to the summer party. | How many guests may each colleague bring to the summer party? | n guests 2 8
        """,
    ),
    "Winter coats": Plain(
        "The wind on the quay is colder than it looks.",
        """
        Winter coats are lent from {v} on. | From which month on are winter coats lent? | month
        The deposit for a winter coat is {v}. | How much is the deposit for a winter coat? | money 15 85 5
        Torn winter coats are mended by {v}. | Who mends torn winter coats? | person
        Winter coats for guests are {v}. | What colour are winter coats for guests? | colour
        """,
    ),
    "Lighthouse duty": Plain(
        "One lamp on the outer reef is still tended by hand.",
        """
        Lighthouse duty lasts {v}. | How many days does lighthouse duty last? | days 4 24
        Lighthouse duty is paid with an extra {v} a day. | How much extra a day is lighthouse duty paid? | money 12 70 2
        The lighthouse is supplied every {v}. | On which day is the lighthouse supplied? | weekday
        The duty list of the lighthouse is kept by {v}. | Who keeps the duty list of the lighthouse? | person
        """,
    ),
    "Divers": Plain(
        "Hulls are looked at from below twice a year.",
        """
        Divers may go down to {v}. | To how many metres may divers go down? | n metres 12 44
        The lead diver is {v}. | Who is the lead diver? | person
        Between two dives there is a break of {v}. | How many hours of break are there between two dives? | hours 3 11
        Diving suits are dried in {v}. | In which room are diving suits dried? | room
        """,
    ),
    "Tug boats": Plain(
        "The tugs work while the passengers sleep.",
        """
        The company has {v}. | How many tug boats does the company have? | n tug boats 3 17
        Tug boats are painted {v}. | In what colour are tug boats painted? | colour
        An hour of a tug boat is billed at {v}. | At how much is an hour of a tug boat billed? | money 110 390 10
        Tug boats are called through the {v}. | Through whom are tug boats called? | department
        """,
    ),
    "Radio on board": Plain(
        "Short words carry best over water.",
        """
        Ferries listen on channel {v}. | On which channel do ferries listen? | number 11 88
        A radio test is made at {v}. | At what time is a radio test made? | time 5 9
        Radio batteries are changed every {v}. | On which day are radio batteries changed? | weekday
        The radio log is signed by {v}. | Who signs the radio log? | person
        """,
    ),
    **MORE_TOPICS,
}  # fmt: skip
