"""Policy-style statements: what a rule says about a subject, in several wordings, and how one asks for it.

In every wording `{S}` is the subject at the start of a sentence, `{s}` the subject, `{one}` one of it with its
article, and `{v}` the value, which is the answer.
"""

# ruff: noqa: E501  (tables of wordings keep a line each)

from __future__ import annotations

from dataclasses import dataclass

SUBJECTS = (
    "hotel night|hotel nights;taxi ride|taxi rides;train ticket|train tickets;flight|flights;work shoe|work shoes;"
    "language course|language courses;business lunch|business lunches;parking permit|parking permits;"
    "fuel card|fuel cards;rental car|rental cars;visitor badge|visitor badges;company phone|company phones;"
    "laptop|laptops;screen|screens;headset|headsets;desk lamp|desk lamps;office chair|office chairs;"
    "locker|lockers;key card|key cards;gift|gifts;sample|samples;parcel|parcels;pallet|pallets;"
    "returned item|returned items;damaged item|damaged items;spare part|spare parts;fire drill|fire drills;"
    "safety check|safety checks;first-aid course|first-aid courses;sick note|sick notes;holiday request|holiday "
    "requests;night shift|night shifts;weekend shift|weekend shifts;overtime hour|overtime hours;"
    "expense claim|expense claims;invoice|invoices;purchase order|purchase orders;contract|contracts;"
    "customer complaint|customer complaints;service call|service calls;repair job|repair jobs;"
    "press request|press requests;data export|data exports;backup|backups;password reset|password resets;"
    "guest account|guest accounts;software licence|software licences;printer|printers;meeting room|meeting rooms;"
    "team event|team events;summer party|summer parties;staff meal|staff meals;gym card|gym cards;bus pass|bus "
    "passes;bicycle|bicycles;moving cost|moving costs;child-care place|child-care places;eye test|eye tests;"
    "pair of glasses|glasses;training day|training days;book|books;trade fair|trade fairs;supplier visit|supplier "
    "visits;site tour|site tours;chemical|chemicals;battery pack|battery packs;forklift|forklifts;ladder|ladders;"
    "protective glove|protective gloves;helmet|helmets;uniform|uniforms;delivery van|delivery vans;cold box|cold "
    "boxes;trial order|trial orders;bulk order|bulk orders;gift card|gift cards;loyalty point|loyalty points;"
    "warranty claim|warranty claims;late delivery|late deliveries;lost card|lost cards;small loan|small loans;"
    "savings account|savings accounts;foreign transfer|foreign transfers;cash deposit|cash deposits;interview|"
    "interviews;job advert|job adverts;internship|internships;sabbatical|sabbaticals;home-office day|home-office "
    "days;lab test|lab tests;water sample|water samples;machine inspection|machine inspections;pipe repair|pipe "
    "repairs;waste bin|waste bins;paper archive|paper archives;customer survey|customer surveys;newsletter|"
    "newsletters;photo shoot|photo shoots;product recall|product recalls;price change|price changes;"
    "garden tool|garden tools;tent|tents;boat trip|boat trips;swimming lesson|swimming lessons;library book|"
    "library books;museum ticket|museum tickets;school trip|school trips;piano lesson|piano lessons"
)
PAIRS: list[tuple[str, str]] = []
for _pair in SUBJECTS.split(";"):
    _one, _many = _pair.split("|")
    PAIRS.append((_one, _many))


@dataclass(frozen=True)
class Frame:
    """One kind of rule.

    Attributes:
        name: Its name.
        kind: Kind of value, a key of `values.KINDS`.
        says: Wordings of the statement.
        asks: Wordings of the question.
    """

    name: str
    kind: str
    says: tuple[str, ...]
    asks: tuple[str, ...]


def _frame(name: str, kind: str, says: str, asks: str) -> Frame:
    return Frame(name, kind, tuple(says.split("|")), tuple(asks.split("|")))


FRAMES = [
    _frame(
        "limit", "amount",
        "{S} are refunded up to {v}{c}|The company pays up to {v} for {s}{c}|The limit for {s} is {v}{c}|For {s} the "
        "upper limit is {v}{c}|{S} may cost no more than {v}{c}|We cover {s} up to {v}{c}|Staff can claim up to {v} "
        "for {one}{c}|The refund for {one} was raised from {old} to {v}",
        "How much is refunded for {one}?|What is the limit for {s}?|Up to what amount are {s} refunded?|How much does "
        "the company pay for {s}?|How much may {one} cost?|What is the most I can claim for {one}?|How much can I "
        "get back for {one}?",
    ),
    _frame(
        "fee", "amount",
        "A fee of {v} is charged for {s}{c}|{S} cost {v} each{c}|The price of {one} is {v}{c}|Each {bare} costs {v}{c}|"
        "We charge {v} for {one}{c}|{S} are charged at {v}{c}",
        "What is the fee for {one}?|How much does {one} cost?|What do {s} cost?|How much is charged for {s}?|What is "
        "the price of {one}?",
    ),
    _frame(
        "deadline", "duration",
        "{S} must be reported within {v}{c}|Report {s} within {v}{c}|Anyone who has {s} to report must do so within {v}|"
        "The deadline for reporting {s} is {v}",
        "Within what time must {s} be reported?|How soon must {one} be reported?|What is the deadline for reporting "
        "{s}?|How long do I have to report {one}?",
    ),
    _frame(
        "handle", "duration",
        "{S} are processed within {v}{c}|It takes {v} to process {s}{c}|Processing {one} takes {v}{c}|Allow {v} for the "
        "processing of {s}",
        "How long does it take to process {s}?|Within what time are {s} processed?|How long does processing {one} "
        "take?",
    ),
    _frame(
        "ahead", "duration",
        "{S} must be booked at least {v} ahead{c}|Book {s} at least {v} in advance{c}|{S} have to be requested {v} "
        "before they are needed|The notice for {s} is {v}{c}",
        "How far ahead must {s} be booked?|How long in advance must {one} be booked?|What notice is needed for {s}?|"
        "How early do {s} have to be requested?",
    ),
    _frame(
        "kept", "duration",
        "Records of {s} are kept for {v}{c}|We keep records of {s} for {v}|The files on {s} are deleted after {v}|All "
        "papers about {s} stay in the archive for {v}",
        "How long are records of {s} kept?|After what time are the files on {s} deleted?|For how long do we keep papers "
        "about {s}?",
    ),
    _frame(
        "valid", "duration",
        "{S} are valid for {v}{c}|{S} expire after {v}{c}|{S} may be used for {v}{c}|{S} can be kept for {v}",
        "How long are {s} valid?|After what time do {s} expire?|How long can {one} be used?|For how long may {s} be "
        "kept?",
    ),
    _frame(
        "approve", "role",
        "{S} must be approved by {v}{c}|{S} need the approval of {v}{c}|Approval for {s} is given by {v}|Before "
        "ordering {s}, ask {v} for approval|Only {v} can approve {s}",
        "Who approves {s}?|Who must approve {one}?|Whose approval is needed for {s}?|Who gives approval for {s}?",
    ),
    _frame(
        "contact", "role",
        "Questions about {s} go to {v}{c}|For {s}, contact {v}{c}|If you have questions about {s}, ask {v}|{S} are "
        "handled by {v}{c}|{S} are looked after by {v}",
        "Who answers questions about {s}?|Who handles {s}?|Whom do I ask about {s}?|Who is responsible for {s}?|Who "
        "should I contact about {s}?",
    ),
    _frame(
        "report", "role",
        "{S} are reported to {v}{c}|Report {s} to {v}{c}|Send reports about {s} to {v}|Tell {v} about {s} at once",
        "To whom are {s} reported?|Who must be told about {s}?|Where do reports about {s} go?|Who do I report {one} to?",
    ),
    _frame(
        "person", "person",
        "{v} is in charge of {s}{c}|{v} looks after {s}|The contact for {s} is {v}|{S} are managed by {v}{c}|The person "
        "responsible for {s} is {v}",
        "Who is in charge of {s}?|Who looks after {s}?|Who is the contact for {s}?|Who manages {s}?|Which person is "
        "responsible for {s}?",
    ),
    _frame(
        "store", "room",
        "{S} are kept in {v}{c}|{S} are stored in {v}{c}|You will find {s} in {v}|We keep {s} in {v}",
        "Where are {s} kept?|Where are {s} stored?|Where can I find {s}?|In which place are {s} kept?",
    ),
    _frame(
        "collect", "room",
        "{S} can be collected from {v}{c}|Pick up {s} at {v}{c}|{S} are handed out in {v}|Collect {s} from {v}",
        "Where can {s} be collected?|Where do I pick up {s}?|Where are {s} handed out?",
    ),
    _frame(
        "form", "code",
        "To order {s}, fill in form {v}{c}|Requests for {s} are made on form {v}|Form {v} is used for {s}|Use form {v} "
        "for {s}{c}",
        "Which form is used for {s}?|What form do I need for {s}?|On which form are requests for {s} made?|Which form "
        "must be filled in for {s}?",
    ),
    _frame(
        "cost code", "code",
        "The cost code for {s} is {v}|{S} are booked under code {v}{c}|Use code {v} when you book {s}|{S} have the code "
        "{v}",
        "What is the cost code for {s}?|Under which code are {s} booked?|Which code belongs to {s}?|What code is used "
        "for {s}?",
    ),
    _frame(
        "day", "weekday",
        "{S} are handled on {v}s{c}|{S} take place every {v}{c}|The day for {s} is {v}|{S} are only possible on a {v}",
        "On which day are {s} handled?|On what day of the week do {s} take place?|Which day is for {s}?|When in the "
        "week are {s} possible?",
    ),
    _frame(
        "time", "clock",
        "{S} start at {v}{c}|{S} begin at {v}|The start time of {s} is {v}|{S} are open from {v}",
        "At what time do {s} start?|When do {s} begin?|From what time are {s} open?|What is the start time of {s}?",
    ),
    _frame(
        "until", "clock",
        "{S} are accepted until {v}{c}|The desk for {s} closes at {v}|{S} end at {v}|Hand in {s} before {v}",
        "Until when are {s} accepted?|At what time does the desk for {s} close?|When do {s} end?|Before what time must "
        "{s} be handed in?",
    ),
    _frame(
        "count", "count",
        "Each employee may have {v} {s} a year{c}|At most {v} {s} are allowed each month{c}|Everyone has a right to {v} "
        "{s} a year|No more than {v} {s} are allowed at once{c}",
        "How many {s} are allowed?|How many {s} may one person have?|What is the largest number of {s}?|How many {s} "
        "does everyone have a right to?",
    ),
    _frame(
        "discount", "percent",
        "A discount of {v} applies to {s}{c}|{S} are {v} cheaper for staff{c}|Staff get {v} off {s}|The company pays {v} "
        "of the price of {s}{c}",
        "What discount applies to {s}?|How much cheaper are {s} for staff?|What share of the price of {s} does the "
        "company pay?|What percentage is taken off {s}?",
    ),
    _frame(
        "mark", "colour",
        "{S} are marked with a {v} tag{c}|{S} carry a {v} label|The colour for {s} is {v}|A {v} sticker is put on {s}",
        "What colour is the tag on {s}?|Which colour marks {s}?|What is the colour for {s}?|What colour of sticker is "
        "put on {s}?",
    ),
    _frame(
        "since", "date",
        "The rule on {s} has applied since {v}|Since {v}, {s} have had a rule of their own|The rules for {s} came into "
        "force on {v}|The page about {s} was last changed on {v}",
        "Since when has the rule on {s} applied?|When did the rules for {s} come into force?|When was the page about "
        "{s} last changed?|From what date does the rule on {s} apply?",
    ),
    _frame(
        "due", "date",
        "{S} are due on {v}{c}|The closing date for {s} is {v}|{S} must be handed in by {v}{c}|Please finish {s} by {v}",
        "When are {s} due?|What is the closing date for {s}?|By what date must {s} be handed in?|By when must {s} be "
        "finished?",
    ),
    _frame(
        "weight", "measure",
        "{S} may weigh up to {v}{c}|The limit of size for {s} is {v}|{S} are limited to {v}|Only {s} under {v} are "
        "accepted",
        "How much may {s} weigh?|What is the limit of size for {s}?|To what are {s} limited?|Under what limit are {s} "
        "accepted?",
    ),
    _frame(
        "phone", "extension",
        "The number for {s} is {v}|Call {v} about {s}|For {s} dial {v}{c}|The hotline for {s} is {v}",
        "What is the number for {s}?|Which number do I call about {s}?|What do I dial for {s}?",
    ),
    _frame(
        "mail", "email",
        "Send {s} to {v}|The address for {s} is {v}|Write to {v} about {s}",
        "What is the address for {s}?|To which address do I write about {s}?|Where do I write about {s}?",
    ),
    _frame(
        "supplier", "company",
        "{S} come from {v}{c}|The supplier of {s} is {v}|We buy {s} from {v}|{v} delivers {s}{c}",
        "Who is the supplier of {s}?|Which company delivers {s}?|From whom do we buy {s}?|Where do {s} come from?",
    ),
    _frame(
        "site", "place",
        "{S} are handled in {v}{c}|The office for {s} is in {v}|All {s} take place in {v}|The town for {s} is {v}",
        "Where is the office for {s}?|In which town are {s} handled?|Where do {s} take place?",
    ),
    _frame(
        "tool", "product",
        "{S} are recorded in {v}{c}|Enter {s} in {v}{c}|The system for {s} is called {v}|We use {v} for {s}",
        "In which system are {s} recorded?|What is the system for {s} called?|Which system do we use for {s}?|Where do "
        "I enter {s}?",
    ),
]  # fmt: skip

CONDITIONS = [
    "when booked through {role}",
    "if the receipt is attached",
    "on weekdays",
    "in every country",
    "for all staff",
    "for full-time staff",
    "after the first {duration}",
    "except in {month}",
    "unless {role} decides otherwise",
    "if {role} agrees",
    "as long as stocks last",
    "during the trial period",
    "outside the holiday season",
    "when the form is complete",
    "with a valid badge",
    "if they were ordered online",
    "without a further check",
    "on request",
    "per person",
    "in normal cases",
    "from {month} on",
    "if {role} has been told",
]

FILLERS = [
    "Please read this page before you ask.",
    "The rules are the same for part-time staff.",
    "Exceptions are rare.",
    "Thank you for your help.",
    "A copy hangs next to the door.",
    "This page is checked once a year.",
    "New staff learn this in the first week.",
    "Keep the receipt.",
    "Nothing else has changed.",
    "Managers explain the rules to their teams.",
    "We want this to be simple and fair.",
    "Ask early if something is not clear.",
    "These rules protect everyone.",
    "The text was written together with the works council.",
    "Forms are on the intranet.",
    "Missing papers lead to delays.",
    "Your colleagues will be glad to help.",
    "Good planning saves money.",
    "Do not leave it to the last minute.",
]

AREAS = [
    "Travel",
    "Expenses",
    "Equipment",
    "Safety",
    "Working time",
    "Training",
    "Visitors",
    "Purchasing",
    "Storage",
    "Customer service",
    "Returns",
    "Data protection",
    "Buildings",
    "Vehicles",
    "Staff benefits",
    "Deliveries",
    "Quality",
    "Records",
    "Events",
    "Communication",
]
