"""Word problems by the sum behind them: `{a}`, `{b}` and `{c}` are numbers, the other slots names and things.

The last problem of each kind is asked in validation only.
"""

from __future__ import annotations

PEOPLE = (
    ("Tom", "he", "his"), ("Anna", "she", "her"), ("Ben", "he", "his"), ("Sara", "she", "her"),
    ("Leo", "he", "his"), ("Mia", "she", "her"), ("Omar", "he", "his"), ("Nora", "she", "her"),
    ("Paul", "he", "his"), ("Lucy", "she", "her"), ("Sam", "he", "his"), ("Emma", "she", "her"),
    ("Jack", "he", "his"), ("Rosa", "she", "her"),
)  # fmt: skip
"""Name, pronoun and possessive."""

THINGS = (
    "apples", "pens", "books", "marbles", "coins", "stamps", "cookies", "balloons", "pencils", "stickers",
    "cards", "oranges", "shells", "candles", "toy cars", "lemons", "cups", "flowers",
)  # fmt: skip

PROBLEMS = {
    "a + b": """
{Name} has {a} {things}. {He} buys {b} more {things}. How many {things} does {name} have now?
{Name} has {a} {things} and {other} has {b} {things}. How many {things} do they have together?
There are {a} {things} on the table and {b} {things} on the shelf. How many {things} are there in total?
{Name} finds {a} {things} on Monday and {b} {things} on Tuesday. How many {things} does {he} find in all?
A bus has {a} people on it. {b} more people get on. How many people are on the bus now?
{Name} read {a} pages on Monday and {b} pages on Tuesday. How many pages did {he} read in total?
A team scored {a} goals in one game and {b} goals in the next. How many goals did it score in total?
A hat costs {a} dollars and a scarf costs {b} dollars. How much do the hat and the scarf cost together?
{Name} walked {a} miles on Saturday and {b} miles on Sunday. How many miles did {he} walk in total?
A farmer has {a} cows and {b} sheep. How many animals does the farmer have in total?
There are {a} boys and {b} girls in a class. How many children are in the class?
{Name} is {a} years old. {His} brother is {b} years older. How old is the brother?
A garden has {a} red roses and {b} white roses. How many roses are in the garden in total?
{Name} put {a} {things} in a box. {other} put in {b} more {things}. How many {things} are in the box?
""",
    "a - b": """
{Name} has {a} {things}. {He} gives {b} {things} to {other}. How many {things} does {name} have left?
There are {a} {things} on the table. {other} takes {b} of them away. How many {things} are left on the table?
{Name} had {a} {things} and lost {b} of them. How many {things} does {he} still have?
There are {a} birds in a tree. {b} birds fly away. How many birds are left in the tree?
A shop has {a} cakes. It sells {b} of the cakes. How many cakes are left?
There are {a} people on a bus. {b} people get off. How many people are left on the bus?
{Name} has {a} dollars. {He} pays {b} dollars for a sandwich. How many dollars does {he} have left?
A book has {a} pages. {Name} has read {b} pages. How many pages are left to read?
{Name} is {a} years old. {His} sister is {b} years younger. How old is the sister?
There are {a} chairs in a room. {b} of them are broken. How many chairs are not broken?
A class has {a} children. Today {b} children are ill at home. How many children are in class today?
{Name} has {a} {things}, and {other} has {b} {things}. How many more {things} does {name} have than {other}?
A bottle holds {a} cups of juice. {Name} drinks {b} cups. How many cups of juice are left in the bottle?
""",
    "a * b": """
A box holds {a} {things}. How many {things} are in {b} boxes?
One ticket costs {a} dollars. How many dollars do {b} tickets cost?
{Name} reads {a} pages every day. How many pages does {he} read in {b} days?
There are {b} tables with {a} chairs each. How many chairs are there in total?
{Name} has {b} bags with {a} {things} in each bag. How many {things} does {he} have in total?
A worker earns {a} dollars an hour. How many dollars does the worker earn in {b} hours?
{Name} runs {a} miles a day. How many miles does {he} run in {b} days?
A baker makes {a} cakes a day. How many cakes does the baker make in {b} days?
There are {b} rows of trees. Each row has {a} trees. How many trees are there in total?
A pack has {a} {things}. {Name} buys {b} packs. How many {things} does {he} buy?
""",
    "a / b": """
{Name} shares {a} {things} equally between {b} friends. How many {things} does each friend get?
{a} {things} are put into {b} boxes, the same number in each box. How many {things} are in each box?
A rope is {a} feet long. It is cut into {b} equal pieces. How many feet long is each piece?
{b} friends pay {a} dollars for a meal and share the cost equally. How many dollars does each friend pay?
""",
    "a + b - c": """
{Name} has {a} {things}. {He} buys {b} more and gives {c} to {other}. How many {things} does {he} have now?
There are {a} people on a bus. {b} people get on and {c} people get off. How many people are on the bus now?
{Name} had {a} dollars, earned {b} dollars and spent {c} dollars. How many dollars does {he} have now?
A shop had {a} lamps. It got {b} new lamps and sold {c} lamps. How many lamps does the shop have now?
""",
    "a + b + c": """
{Name} has {a} red, {b} blue and {c} green {things}. How many {things} does {he} have in total?
{Name} swam {a} laps on Monday, {b} on Tuesday and {c} on Friday. How many laps did {he} swim in total?
A meal costs {a} dollars, a drink {b} dollars and a cake {c} dollars. How many dollars do they cost together?
""",
    "a * b + c": """
{Name} buys {b} packs of {a} {things} and {c} single {things}. How many {things} does {he} buy in total?
{Name} buys {b} pens for {a} dollars each and a book for {c} dollars. How many dollars does {he} pay in total?
A room has {b} rows of {a} chairs and {c} more chairs at the back. How many chairs are in the room?
""",
}
