"""General knowledge: a few hundred simple facts, asked in several ways, some of which training never uses."""

# ruff: noqa: E501  (tables of wordings keep a line each)

from __future__ import annotations

from dataclasses import dataclass

from harness.starter.synthesis.core import Example, Source


@dataclass(frozen=True)
class Relation:
    """Facts of one kind.

    Attributes:
        name: Its name.
        facts: Subjects with their answers.
        asks: Ways to ask in training.
        heldout: Ways to ask in measuring only.
    """

    name: str
    facts: tuple[tuple[str, str], ...]
    asks: tuple[str, ...]
    heldout: tuple[str, ...]


def _relation(name: str, facts: str, asks: str, heldout: str) -> Relation:
    pairs = tuple(
        (left.strip(), right.strip()) for left, right in (each.split("=") for each in facts.split(","))
    )
    return Relation(name, pairs, tuple(asks.split("|")), tuple(heldout.split("|")))


RELATIONS = [
    _relation(
        "capital",
        "France=Paris,Germany=Berlin,Italy=Rome,Spain=Madrid,Portugal=Lisbon,Austria=Vienna,Switzerland=Bern,"
        "Belgium=Brussels,Denmark=Copenhagen,Norway=Oslo,Sweden=Stockholm,Finland=Helsinki,Poland=Warsaw,Greece=Athens,"
        "Turkey=Ankara,Russia=Moscow,Ukraine=Kyiv,Hungary=Budapest,Ireland=Dublin,Iceland=Reykjavik,Japan=Tokyo,"
        "China=Beijing,India=New Delhi,Thailand=Bangkok,Vietnam=Hanoi,Egypt=Cairo,Kenya=Nairobi,Nigeria=Abuja,"
        "Canada=Ottawa,Mexico=Mexico City,Cuba=Havana,Brazil=Brasilia,Argentina=Buenos Aires,Chile=Santiago,Peru=Lima,"
        "Colombia=Bogota,Australia=Canberra,New Zealand=Wellington,Romania=Bucharest,Bulgaria=Sofia,Croatia=Zagreb,"
        "Serbia=Belgrade,Estonia=Tallinn,Latvia=Riga,Lithuania=Vilnius,Morocco=Rabat,Iran=Tehran,Iraq=Baghdad",
        "What is the capital of {x}?|Which city is the capital of {x}?|Name the capital of {x}.|The capital of {x} is|"
        "Capital of {x}?|{x}: capital?",
        "What city is {x}'s capital?|Can you tell me the capital of {x}?",
    ),
    _relation(
        "opposite",
        "hot=cold,big=small,up=down,left=right,old=new,good=bad,fast=slow,high=low,long=short,day=night,open=closed,"
        "full=empty,wet=dry,hard=soft,heavy=light,happy=sad,rich=poor,strong=weak,early=late,near=far,inside=outside,"
        "true=false,black=white,clean=dirty,thick=thin,wide=narrow,loud=quiet,first=last,young=old,deep=shallow,"
        "sweet=sour,sharp=blunt,cheap=expensive,easy=difficult,begin=end,win=lose,buy=sell,push=pull,give=take,"
        "before=after,above=below,front=back,summer=winter,love=hate,question=answer,north=south,east=west,"
        "alive=dead,asleep=awake,rough=smooth,tall=short,brave=afraid,always=never,friend=enemy",
        "What is the opposite of {x}?|Name the opposite of {x}.|Opposite of {x}?|The opposite of {x} is|"
        "Give a word that means the opposite of {x}.|{x}: opposite?",
        "Which word is the opposite of {x}?|Can you tell me the opposite of {x}?",
    ),
    _relation(
        "young",
        "dog=puppy,cat=kitten,cow=calf,horse=foal,sheep=lamb,goat=kid,pig=piglet,hen=chick,duck=duckling,goose=gosling,"
        "lion=cub,deer=fawn,frog=tadpole,kangaroo=joey,swan=cygnet,eel=elver,owl=owlet,hare=leveret",
        "What is a young {x} called?|What do you call a baby {x}?|Name for a young {x}?|A young {x} is called a|"
        "What is the young of a {x}?",
        "How is a young {x} called?|Which word names a baby {x}?",
    ),
    _relation(
        "sound",
        "dog=bark,cat=meow,cow=moo,horse=neigh,sheep=bleat,pig=oink,duck=quack,lion=roar,bee=buzz,snake=hiss,owl=hoot,"
        "frog=croak,wolf=howl,rooster=crow,mouse=squeak,crow=caw",
        "What sound does a {x} make?|Which sound is made by a {x}?|Sound of a {x}?|What noise does a {x} make?",
        "Tell me the sound that a {x} makes.|What is the noise of a {x}?",
    ),
    _relation(
        "home",
        "bee=hive,bird=nest,dog=kennel,horse=stable,spider=web,lion=den,rabbit=burrow,pig=sty,fish=water,ant=anthill,"
        "chicken=coop,bear=cave,cow=barn,beaver=lodge",
        "Where does a {x} live?|What is the home of a {x}?|In what does a {x} live?|Home of a {x}?",
        "What is a {x}'s home called?|Tell me where a {x} lives.",
    ),
    _relation(
        "colour",
        "grass=green,the sky=blue,snow=white,coal=black,blood=red,a lemon=yellow,a carrot=orange,milk=white,a banana=yellow,"
        "a tomato=red,the sun=yellow,a frog=green,chocolate=brown,a polar bear=white,an elephant=grey,a flamingo=pink,"
        "a crow=black,a fire engine=red,a cucumber=green,a strawberry=red,a pumpkin=orange,an emerald=green,a ruby=red,"
        "a sapphire=blue,salt=white,an aubergine=purple,a lime=green,a canary=yellow,soil=brown,a swan=white",
        "What colour is {x}?|Which colour does {x} have?|What is the colour of {x}?|Colour of {x}?",
        "Name the colour of {x}.|What colour does {x} have?",
    ),
    _relation(
        "next",
        "Monday=Tuesday,Tuesday=Wednesday,Wednesday=Thursday,Thursday=Friday,Friday=Saturday,Saturday=Sunday,"
        "Sunday=Monday,January=February,February=March,March=April,April=May,May=June,June=July,July=August,"
        "August=September,September=October,October=November,November=December,December=January,spring=summer,"
        "summer=autumn,autumn=winter,winter=spring",
        "What comes after {x}?|Which one follows {x}?|What is next after {x}?|After {x} comes|{x} is followed by what?",
        "What follows {x}?|Which comes right after {x}?",
    ),
    _relation(
        "previous",
        "Monday=Sunday,Tuesday=Monday,Wednesday=Tuesday,Thursday=Wednesday,Friday=Thursday,Saturday=Friday,"
        "Sunday=Saturday,January=December,February=January,March=February,April=March,May=April,June=May,July=June,"
        "August=July,September=August,October=September,November=October,December=November",
        "What comes before {x}?|Which one precedes {x}?|What is just before {x}?|Before {x} comes",
        "What is right before {x}?|Which comes just before {x}?",
    ),
    _relation(
        "number",
        "days in a week=7,months in a year=12,hours in a day=24,minutes in an hour=60,seconds in a minute=60,"
        "legs of a spider=8,legs of an insect=6,legs of a dog=4,legs of a bird=2,sides of a triangle=3,"
        "sides of a square=4,wheels of a bicycle=2,wheels of a car=4,wheels of a tricycle=3,fingers of a hand=5,"
        "eyes of a person=2,letters in the alphabet=26,seasons in a year=4,planets of the sun=8,items in a dozen=12,"
        "players in a football team=11,strings of a violin=4,strings of a guitar=6,centimetres in a metre=100,"
        "grams in a kilogram=1000,metres in a kilometre=1000,years in a century=100,years in a decade=10,"
        "days in April=30,days in May=31,sides of a hexagon=6,arms of an octopus=8,weeks in a year=52,"
        "continents of the earth=7,cents in a euro=100,sides of a pentagon=5",
        "How many {x}?|What is the number of {x}?|Number of {x}?|Give the number of {x}.|How many are the {x}?",
        "Tell me the number of {x}.|Do you know the number of {x}?",
    ),
    _relation(
        "made of",
        "bread=flour,cheese=milk,butter=milk,wine=grapes,glass=sand,paper=wood,steel=iron,wool=sheep,honey=bees,ice=water,"
        "cider=apples,omelette=eggs,jeans=cotton,candle=wax,tyre=rubber,raisins=grapes,chocolate=cocoa,leather=hides,"
        "bricks=clay,chips=potatoes",
        "From what is {x} made?|What is {x} made from?|{x} is made of what?|What does one need to make {x}?",
        "What is used to make {x}?|Tell me what {x} is made from.",
    ),
    _relation(
        "work",
        "baker=bread,teacher=school,doctor=hospital,farmer=farm,pilot=plane,sailor=ship,judge=court,cook=kitchen,"
        "miner=mine,librarian=library,actor=theatre,priest=church,waiter=restaurant,gardener=garden,astronaut=space,"
        "driver=car,chemist=laboratory,banker=bank,soldier=army,shopkeeper=shop",
        "Which word goes with {x}?|What belongs to the work of a {x}?|What does a {x} have to do with?|A {x} is linked "
        "with what?",
        "What goes with the job of a {x}?|Which word fits a {x}?",
    ),
    _relation(
        "symbol",
        "hydrogen=H,oxygen=O,carbon=C,nitrogen=N,iron=Fe,gold=Au,silver=Ag,copper=Cu,sodium=Na,helium=He,lead=Pb,tin=Sn,"
        "zinc=Zn,calcium=Ca,iodine=I,sulphur=S,uranium=U,mercury=Hg",
        "What is the chemical symbol of {x}?|Symbol of {x}?|Which symbol stands for {x}?|Name the symbol of {x}.",
        "What is the symbol for {x}?|Which chemical symbol does {x} have?",
    ),
    _relation(
        "language",
        "France=French,Germany=German,Italy=Italian,Spain=Spanish,Portugal=Portuguese,Poland=Polish,Greece=Greek,"
        "Turkey=Turkish,Russia=Russian,Japan=Japanese,China=Chinese,Sweden=Swedish,Denmark=Danish,Norway=Norwegian,"
        "Finland=Finnish,Hungary=Hungarian,Brazil=Portuguese,Mexico=Spanish,Austria=German,England=English,"
        "Australia=English,Egypt=Arabic,Argentina=Spanish,Thailand=Thai",
        "Which language is spoken in {x}?|What language do people speak in {x}?|Language of {x}?|What is the main "
        "language of {x}?",
        "Name the language of {x}.|In {x}, which language is spoken?",
    ),
    _relation(
        "continent",
        "France=Europe,Germany=Europe,Italy=Europe,Japan=Asia,China=Asia,India=Asia,Egypt=Africa,Kenya=Africa,"
        "Nigeria=Africa,Brazil=South America,Peru=South America,Chile=South America,Canada=North America,"
        "Mexico=North America,Spain=Europe,Poland=Europe,Thailand=Asia,Vietnam=Asia,Morocco=Africa,Argentina=South America,"
        "Norway=Europe,Iran=Asia,Cuba=North America,Greece=Europe",
        "On which continent is {x}?|Which continent does {x} belong to?|Continent of {x}?|In which part of the world is "
        "{x}?",
        "What continent is {x} on?|Name the continent of {x}.",
    ),
    _relation(
        "group",
        "dog=animal,oak=tree,rose=flower,trout=fish,eagle=bird,ant=insect,apple=fruit,carrot=vegetable,hammer=tool,"
        "chair=furniture,violin=instrument,shirt=clothing,car=vehicle,red=colour,gold=metal,football=sport,rain=weather,"
        "bread=food,milk=drink,seven=number,Monday=day,May=month,Paris=city,France=country,diamond=stone,nurse=job,"
        "pine=tree,tulip=flower,salmon=fish,sparrow=bird,beetle=insect,pear=fruit,onion=vegetable,saw=tool,"
        "table=furniture,flute=instrument,coat=clothing,train=vehicle,iron=metal,tennis=sport,snow=weather,tea=drink",
        "What kind of thing is {x}?|To which group does {x} belong?|{x} is a kind of what?|What sort of thing is {x}?",
        "Which group is {x} part of?|Tell me what kind of thing {x} is.",
    ),
    _relation(
        "science",
        "water boils at=100 degrees,water freezes at=0 degrees,the planet nearest the sun=Mercury,the largest planet=Jupiter,"
        "the red planet=Mars,the star at the centre of our system=the sun,the gas we breathe to live=oxygen,"
        "the force that pulls things down=gravity,frozen water=ice,the largest animal=blue whale,the tallest animal=giraffe,"
        "the fastest land animal=cheetah,the hardest natural stone=diamond,the organ that pumps blood=heart,"
        "the organ we think with=brain,the organs we breathe with=lungs,the largest ocean=Pacific,the longest river=Nile,"
        "the highest mountain=Everest,the body that circles the earth=the moon,the tool for seeing small things=microscope,"
        "the tool for seeing stars=telescope,the tool for measuring heat=thermometer,the tool for telling the time=clock,"
        "the gas that plants take in=carbon dioxide,the science of living things=biology,the science of stars=astronomy,"
        "the science of numbers=mathematics,a person who writes books=author,a person who flies planes=pilot,"
        "a doctor for teeth=dentist,a doctor for animals=vet,the meal in the morning=breakfast,the meal at noon=lunch,"
        "the coldest season=winter,the hottest season=summer,the first month=January,the last month=December,"
        "the king of animals=lion,the ship of the desert=camel",
        "What is {x}?|Name this: {x}.|Which word fits: {x}?|{x}:",
        "Do you know {x}?|Tell me this: {x}.",
    ),
]  # fmt: skip
INSTRUCTIONS = (
    "Answer the question.",
    "Answer in one or two words.",
    "General knowledge quiz. Short answers.",
    "Give the answer only.",
    "You know a few simple facts. Answer briefly.",
    "Reply with the answer and nothing else.",
)


def all_questions(heldout: bool) -> list[tuple[str, str, str]]:
    """Every question in one sort of phrasing, as (relation, question, answer).

    Args:
        heldout: Whether to give the phrasings kept for measuring.
    """
    return [
        (relation.name, (ask.format(x=subject))[:1].upper() + (ask.format(x=subject))[1:], answer)
        for relation in RELATIONS
        for subject, answer in relation.facts
        for ask in (relation.heldout if heldout else relation.asks)
    ]


_CACHE: dict[bool, list[tuple[str, str, str]]] = {}


def general(source: Source, level: float = 1.0) -> Example:
    """One or more questions of general knowledge.

    Args:
        source: Random choices; the held-out split asks in held-out phrasings.
        level: From 0.5 on there are more questions in an example.
    """
    heldout = source.split == "heldout"
    questions = _CACHE.setdefault(heldout, all_questions(heldout))
    n = 1 if heldout else source.between(3, 14) if level >= 0.5 else source.between(1, 8)
    asked = source.sample(questions, n)
    prefix = source.pick(("", "", "", "Question: ", "Q: "))
    turns = [(prefix + question, answer) for _, question, answer in asked]
    system = source.pick(INSTRUCTIONS) if source.chance(0.7) else None
    return Example("general", turns, system, tags=[asked[-1][0]])
