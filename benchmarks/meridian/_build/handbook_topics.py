"""What Meridian's handbook rules on: per topic a title and five facts that a document may state.

A fact is ``sentence | question | kind of value``. ``{s}`` is the scope of the document (" at Velmouth",
" for deckhands", or nothing where a rule holds for the whole company) and ``{v}`` the value.
"""

from __future__ import annotations

SITE_TOPICS = {
    "Hotel stays": """
        Hotel nights{s} are refunded up to {v}. | Up to how much are hotel nights{s} refunded? | money 90 240 10
        Hotel bills{s} must be handed in within {v}. | Within how many days must hotel bills{s} be handed in? | days 5 28
        Hotel rooms{s} are booked by the {v}. | Who books hotel rooms{s}? | department
        A hotel stay{s} may last at most {v}. | How long may a hotel stay{s} last at most? | n nights 2 15
        Breakfast in the hotel{s} is paid up to {v}. | Up to how much is breakfast in the hotel{s} paid? | money 6 30 2
    """,
    "Parking": """
        The parking fee{s} is {v} a month. | What is the parking fee{s} a month? | money 10 60 2
        Parking permits{s} are issued by the {v}. | Who issues parking permits{s}? | department
        The parking gate{s} closes at {v}. | When does the parking gate{s} close? | time 18 23
        Bicycles{s} are parked behind {v}. | Behind which room are bicycles{s} parked? | room
        The parking permit{s} has the colour {v}. | What colour has the parking permit{s}? | colour
    """,
    "Cold store": """
        The cold store{s} is kept at {v}. | At how many degrees is the cold store{s} kept? | n degrees 1 9
        The cold store{s} is cleaned every {v}. | On which day is the cold store{s} cleaned? | weekday
        The key of the cold store{s} is held by {v}. | Who holds the key of the cold store{s}? | person
        Fruit may stay in the cold store{s} for {v}. | How long may fruit stay in the cold store{s}? | weeks 2 20
        The alarm of the cold store{s} rings after {v}. | After how many minutes does the alarm of the cold store{s} ring? | minutes 2 25
    """,
    "Fire drills": """
        The fire drill{s} is held every {v}. | In which month is the fire drill{s} held? | month
        The meeting point in a fire{s} is the {v}. | Where is the meeting point in a fire{s}? | spot
        The fire warden{s} is {v}. | Who is the fire warden{s}? | person
        The building must be empty{s} within {v}. | Within how many minutes must the building be empty{s}? | minutes 3 16
        Fire doors{s} are tested every {v}. | On which day are fire doors{s} tested? | weekday
    """,
    "Canteen": """
        The canteen{s} opens at {v}. | When does the canteen{s} open? | time 5 10
        A warm lunch in the canteen{s} costs {v}. | How much does a warm lunch in the canteen{s} cost? | money 3 16 1
        The canteen{s} serves fish soup every {v}. | On which day does the canteen{s} serve fish soup? | weekday
        Guests in the canteen{s} pay with a {v} token. | With which colour of token do guests in the canteen{s} pay? | colour
        The cook of the canteen{s} is {v}. | Who is the cook of the canteen{s}? | person
    """,
    "Pier access": """
        The pier gate{s} opens at {v}. | When does the pier gate{s} open? | time 4 9
        Visitors on the pier{s} wear a {v} vest. | Which colour of vest do visitors on the pier{s} wear? | colour
        The pier{s} carries vehicles up to {v}. | Up to how many tonnes does the pier{s} carry? | n tonnes 3 24
        Lost pier passes{s} are replaced for {v}. | For how much are lost pier passes{s} replaced? | money 4 40 2
        The pier{s} is closed when the wind is above {v}. | Above how many knots of wind is the pier{s} closed? | n knots 22 48
    """,
    "Orchard ladders": """
        Orchard ladders{s} are checked every {v}. | In which month are orchard ladders{s} checked? | month
        Orchard ladders{s} may be at most {v} high. | How high may orchard ladders{s} be at most? | n feet 8 24
        Broken ladders{s} are marked with {v} tape. | With which colour of tape are broken ladders{s} marked? | colour
        Orchard ladders{s} are stored in {v}. | Where are orchard ladders{s} stored? | room
        Work on ladders{s} stops after {v}. | After how many hours does work on ladders{s} stop? | hours 2 9
    """,
    "Waste": """
        Paper waste{s} is collected every {v}. | On which day is paper waste{s} collected? | weekday
        Oil waste{s} goes into the {v} drum. | Into which colour of drum does oil waste{s} go? | colour
        Waste bins{s} are ordered with {v}. | With which form are waste bins{s} ordered? | form
        A missed waste round{s} is reported to the {v}. | To whom is a missed waste round{s} reported? | department
        Fruit waste{s} is kept for at most {v}. | How many hours is fruit waste{s} kept at most? | hours 6 48
    """,
    "Ticket counter": """
        The ticket counter{s} closes at {v}. | When does the ticket counter{s} close? | time 16 22
        The float of the ticket counter{s} is {v}. | How much is the float of the ticket counter{s}? | money 100 480 20
        The ticket counter{s} is led by {v}. | Who leads the ticket counter{s}? | person
        Tickets from the counter{s} stay valid for {v}. | How many days do tickets from the counter{s} stay valid? | days 2 30
        The ticket counter{s} rests every {v}. | On which day does the ticket counter{s} rest? | weekday
    """,
    "Warehouse forklifts": """
        Forklifts{s} may drive at most {v}. | How fast may forklifts{s} drive at most? | n miles an hour 3 14
        Forklifts{s} are charged in {v}. | Where are forklifts{s} charged? | room
        A forklift licence{s} is renewed after {v}. | After how many months is a forklift licence{s} renewed? | months 6 40
        Forklifts{s} lift at most {v}. | How many kilos do forklifts{s} lift at most? | n kilos 400 1900 100
        Forklift faults{s} are written on {v}. | On which form are forklift faults{s} written? | form
    """,
    "Guest tours": """
        A guest tour{s} has at most {v}. | How many people has a guest tour{s} at most? | n people 6 34
        Guest tours{s} start at {v}. | When do guest tours{s} start? | time 9 15
        The guide of guest tours{s} is {v}. | Who is the guide of guest tours{s}? | person
        A guest tour{s} takes {v}. | How many minutes does a guest tour{s} take? | minutes 25 95
        Guest tours{s} are announced to the {v}. | To whom are guest tours{s} announced? | department
    """,
    "First aid": """
        The first aid box{s} hangs in {v}. | Where does the first aid box{s} hang? | room
        The first aider{s} is {v}. | Who is the first aider{s}? | person
        Used plasters{s} are replaced by the {v}. | Who replaces used plasters{s}? | department
        First aid courses{s} take {v}. | How many hours do first aid courses{s} take? | hours 3 18
        The stretcher{s} is the {v} one. | Which colour is the stretcher{s}? | colour
    """,
    "Heating": """
        The heating{s} is switched on in {v}. | In which month is the heating{s} switched on? | month
        Offices{s} are heated to {v}. | To how many degrees are offices{s} heated? | n degrees 16 25
        The boiler{s} is serviced by {v}. | Who services the boiler{s}? | person
        The heating{s} goes down at {v}. | When does the heating{s} go down? | time 16 22
        Extra heaters{s} are lent by the {v}. | Who lends extra heaters{s}? | department
    """,
    "Mail room": """
        The mail room{s} sends letters at {v}. | When does the mail room{s} send letters? | time 11 18
        Parcels in the mail room{s} are kept for {v}. | How many days are parcels in the mail room{s} kept? | days 3 26
        The mail room{s} is next to {v}. | Next to which room is the mail room{s}? | room
        Private parcels in the mail room{s} cost {v}. | How much do private parcels in the mail room{s} cost? | money 2 18 1
        The mail room{s} accepts parcels up to {v}. | Up to how many kilos does the mail room{s} accept parcels? | n kilos 5 35
    """,
}

ROLE_TOPICS = {
    "Annual leave": """
        Annual leave{s} is {v} a year. | How many days a year is annual leave{s}? | days 20 38
        Leave{s} is requested with {v}. | With which form is leave{s} requested? | form
        Leave requests{s} are answered within {v}. | Within how many days are leave requests{s} answered? | days 2 18
        Unused leave{s} ends in {v}. | In which month does unused leave{s} end? | month
        Leave{s} is granted by the {v}. | Who grants leave{s}? | department
    """,
    "Work clothes": """
        The jacket{s} has the colour {v}. | What colour has the jacket{s}? | colour
        Boots{s} are replaced after {v}. | After how many months are boots{s} replaced? | months 6 34
        The allowance for clothes{s} is {v} a year. | How much a year is the allowance for clothes{s}? | money 60 290 10
        Work clothes{s} are handed out in {v}. | Where are work clothes{s} handed out? | room
        Work clothes{s} are washed every {v}. | On which day are work clothes{s} washed? | weekday
    """,
    "Overtime": """
        Overtime{s} is paid with an extra {v}. | With what extra share is overtime{s} paid? | percent 15 75
        Overtime{s} is limited to {v} a month. | To how many hours a month is overtime{s} limited? | hours 6 40
        Overtime{s} is approved by {v}. | Who approves overtime{s}? | person
        Overtime sheets{s} are due every {v}. | On which day are overtime sheets{s} due? | weekday
        Overtime{s} is turned into leave after {v}. | After how many weeks is overtime{s} turned into leave? | weeks 3 20
    """,
    "Training": """
        The first course{s} lasts {v}. | How many weeks does the first course{s} last? | weeks 2 14
        The trainer{s} is {v}. | Who is the trainer{s}? | person
        The yearly budget for books{s} is {v}. | How much is the yearly budget for books{s}? | money 30 190 10
        The final exam{s} is held in {v}. | Where is the final exam{s} held? | room
        The pass mark of the exam{s} is {v}. | What is the pass mark of the exam{s}? | percent 50 90
    """,
    "Sick notes": """
        A sick note{s} is needed after {v}. | After how many days is a sick note{s} needed? | days 1 12
        Sick calls{s} go to the {v}. | To whom do sick calls{s} go? | department
        Sick calls{s} are made before {v}. | Before which time are sick calls{s} made? | time 4 10
        Sick pay{s} is {v} of the wage. | What share of the wage is sick pay{s}? | percent 60 98
        Sick notes{s} are filed by {v}. | Who files sick notes{s}? | person
    """,
    "Night shifts": """
        The night shift{s} begins at {v}. | When does the night shift{s} begin? | time 19 23
        The night bonus{s} is {v} a shift. | How much is the night bonus{s} a shift? | money 8 60 2
        Between night shifts{s} there is a rest of {v}. | How many hours of rest are there between night shifts{s}? | hours 9 30
        Night shifts{s} follow each other at most {v}. | How often may night shifts{s} follow each other at most? | n times 2 14
        Night meals{s} are kept in {v}. | Where are night meals{s} kept? | room
    """,
    "Tools": """
        Tools{s} are lent for {v}. | For how many days are tools{s} lent? | days 2 24
        A lost tool{s} costs {v}. | How much does a lost tool{s} cost? | money 5 65 5
        The tool keeper{s} is {v}. | Who is the tool keeper{s}? | person
        Tools{s} carry a {v} ring. | Which colour of ring do tools{s} carry? | colour
        Tools{s} are counted every {v}. | On which day are tools{s} counted? | weekday
    """,
    "Phones": """
        Company phones{s} are replaced after {v}. | After how many months are company phones{s} replaced? | months 14 50
        Private calls{s} are paid above {v}. | Above how much are private calls{s} paid? | money 2 28 2
        A lost phone{s} is reported to the {v}. | To whom is a lost phone{s} reported? | department
        Phones{s} are switched off at {v}. | When are phones{s} switched off? | time 17 23
        Phones{s} are ordered with {v}. | With which form are phones{s} ordered? | form
    """,
    "Medical checks": """
        The medical check{s} is due every {v}. | Every how many months is the medical check{s} due? | months 5 38
        The doctor{s} is {v}. | Who is the doctor{s}? | person
        Glasses{s} are supported with {v}. | With how much are glasses{s} supported? | money 40 220 10
        The eye test{s} takes {v}. | How many minutes does the eye test{s} take? | minutes 5 45
        Medical checks{s} are held in {v}. | Where are medical checks{s} held? | room
    """,
    "Bonus": """
        The harvest bonus{s} is {v}. | How much is the harvest bonus{s}? | money 100 560 20
        The harvest bonus{s} is paid in {v}. | In which month is the harvest bonus{s} paid? | month
        A bonus{s} is earned after {v} of service. | After how many months of service is a bonus{s} earned? | months 3 26
        Bonus lists{s} are signed by {v}. | Who signs bonus lists{s}? | person
        Objections to the bonus{s} go to the {v}. | To whom do objections to the bonus{s} go? | department
    """,
    "Free crossings": """
        Free crossings{s} are limited to {v} a year. | To how many trips a year are free crossings{s} limited? | n trips 4 40
        The family discount{s} is {v}. | How much is the family discount{s}? | percent 10 80
        Free crossings{s} are booked by {v}. | By whom are free crossings{s} booked? | person
        Free crossings{s} are not valid on a {v}. | On which day are free crossings{s} not valid? | weekday
        The pass for free crossings{s} has the colour {v}. | What colour has the pass for free crossings{s}? | colour
    """,
    "Notice periods": """
        The notice period{s} is {v}. | How many weeks is the notice period{s}? | weeks 2 18
        The trial time{s} is {v}. | How many months is the trial time{s}? | months 1 12
        Notice letters{s} go to {v}. | To whom do notice letters{s} go? | person
        The last talk{s} is held in {v}. | Where is the last talk{s} held? | room
        Keys{s} are returned within {v}. | Within how many days are keys{s} returned? | days 1 14
    """,
}

COMPANY_TOPICS = {
    "Expenses": """
        Receipts are needed for sums above {v}. | Above which sum are receipts needed? | money 5 40 5
        Expense claims are sent with {v}. | With which form are expense claims sent? | form
        Expense claims are paid every {v}. | On which day are expense claims paid? | weekday
        Expense claims older than {v} are refused. | How many weeks old are expense claims that are refused? | weeks 6 30
        Expense claims are checked by the {v}. | Who checks expense claims? | department
    """,
    "Gifts": """
        Gifts from customers are allowed up to {v}. | Up to how much are gifts from customers allowed? | money 10 60 5
        Larger gifts are handed to {v}. | To whom are larger gifts handed? | person
        Gifts are listed in the {v} book. | In which colour of book are gifts listed? | colour
        Gift lists are kept for {v}. | How many months are gift lists kept? | months 12 60
        Invitations to a dinner are allowed {v} a year. | How often a year are invitations to a dinner allowed? | n times 2 9
    """,
    "Passwords": """
        A password has at least {v}. | How many letters has a password at least? | n letters 9 24
        Passwords are changed after {v}. | After how many weeks are passwords changed? | weeks 6 40
        Forgotten passwords are reset by the {v}. | Who resets forgotten passwords? | department
        An account is locked after {v}. | After how many attempts is an account locked? | n attempts 3 9
        The password rules were written by {v}. | Who wrote the password rules? | person
    """,
    "Company cars": """
        Company cars are booked at least {v} ahead. | How many days ahead are company cars booked? | days 2 15
        Fuel for company cars is paid up to {v} a trip. | Up to how much a trip is fuel for company cars paid? | money 20 120 10
        Company cars return before {v}. | Before which time do company cars return? | time 17 22
        The keys of company cars hang in {v}. | Where do the keys of company cars hang? | room
        Company cars are washed every {v}. | On which day are company cars washed? | weekday
    """,
    "Data protection": """
        Customer records are deleted after {v}. | After how many months are customer records deleted? | months 12 60
        The data officer is {v}. | Who is the data officer? | person
        A data leak is reported within {v}. | Within how many hours is a data leak reported? | hours 4 40
        Requests for data are made with {v}. | With which form are requests for data made? | form
        Paper records are shredded by the {v}. | Who shreds paper records? | department
    """,
    "Suggestion scheme": """
        A good suggestion is rewarded with {v}. | With how much is a good suggestion rewarded? | money 50 300 10
        Suggestions are dropped into the {v} box. | Into which colour of box are suggestions dropped? | colour
        Suggestions are read every {v}. | On which day are suggestions read? | weekday
        Suggestions are answered within {v}. | Within how many weeks are suggestions answered? | weeks 2 12
        The jury of the suggestion scheme is led by {v}. | Who leads the jury of the suggestion scheme? | person
    """,
    "Works council": """
        The works council has {v}. | How many members has the works council? | n members 5 17
        The works council meets every {v}. | On which day does the works council meet? | weekday
        The works council meets in {v}. | Where does the works council meet? | room
        The chair of the works council is {v}. | Who is the chair of the works council? | person
        The works council is elected in {v}. | In which month is the works council elected? | month
    """,
    "Home office": """
        Home office is allowed {v} a month. | How many days a month is home office allowed? | days 3 14
        Home office is requested with {v}. | With which form is home office requested? | form
        A desk for the home office is supported with {v}. | With how much is a desk for the home office supported? | money 60 280 20
        In the home office calls are answered from {v}. | From which time are calls answered in the home office? | time 7 10
        Home office is approved by the {v}. | Who approves home office? | department
    """,
}

# Notes that share words with the rules and answer no question.
NOTICES = {
    "Notes from the harbour{s}": """
        The old crane{s} was painted again after the storm. Three gulls have nested on the roof of the ticket
        counter and nobody has the heart to move them. The harbour choir sings when the first boat of spring comes
        in. People say that the parking place was once a fish market.
    """,
    "How the canteen began{s}": """
        The first canteen{s} was a tent with two kettles. Deckhands brought their own spoons and the soup was free
        for anybody who told a story. The tent blew away in a gale and a stone house took its place. A drawing of
        the tent hangs near the door to this day.
    """,
    "A walk through the orchards{s}": """
        The orchards{s} lie on a slope above the water. Ladders lean on the trees from early summer on, and the
        grafters know every tree by a name. In frost the packers light small fires between the rows. Guests are
        fond of the view and of the cider.
    """,
    "Letter to new colleagues{s}": """
        Welcome{s}, we are glad that you came. Ask as much as you like in the first weeks, for everybody has lost
        a key, a phone or a way once. Your leave, your clothes and your training are ruled in documents of their
        own. The oldest clerk will show you the shortest way to the pier.
    """,
    "The winter of the long ice{s}": """
        In the winter of the long ice no ferry left the harbour{s}. The heating failed and the offices moved into
        the warehouse, between the forklifts. Letters were carried over the ice on foot. Since then every house
        keeps a stove and a sack of coal.
    """,
    "Poem for the night watch{s}": """
        The night is long{s} and the lamps are low, the tide comes in and the tide must go. The guards count stars
        and the stewards sleep, the cold store hums and the water is deep. So pour me tea and lend me a chair, for
        the morning boat will soon be there.
    """,
}
