"""Passages about places, things and events, with their questions as in `passages_people`."""

from __future__ import annotations

PASSAGES = """
The old mill at Farrow Bridge was built in 1812. For a hundred years it made flour for the town. Today it is
a museum with a small shop. Children under six get in free.
? In which year was the mill built? | 1812
? What did the mill make? | flour
? What is the mill today? | museum | a museum

Lake Sorin is four miles long and one mile wide. In winter it freezes, and people skate on it. In summer
there are boat races. Fishing is not allowed.
?? How many miles long is the lake? | four
?? How many miles wide is the lake? | one
? What is not allowed at the lake? | fishing

The town library has two floors. Novels are on the first floor, and books about science are on the second. A
lift was added last spring. The reading room closes at seven.
?? On which floor are the novels? | first
?? On which floor are the books about science? | second
? What was added last spring? | lift | a lift

The night train leaves Dorrin at ten and reaches Kelm at six in the morning. It has one dining car and five
sleeping cars. Breakfast is part of the price.
?? At what time does the train leave Dorrin? | ten
?? At what time does it reach Kelm? | six
? How many sleeping cars does it have? | five

The market in Pella takes place twice a week, on Wednesday and on Saturday. On Wednesday there is mostly
fish. On Saturday there are flowers, cheese and bread. The parking place behind the church is free.
?? On which day is there mostly fish? | Wednesday
?? On which day are there flowers? | Saturday
? Where is the free parking place? | behind the church | church

A storm hit the coast on Friday night. It broke forty trees and the roof of the school. Nobody was hurt. The
school will stay closed until the roof is repaired.
? On which day did the storm hit the coast? | Friday | Friday night
? How many trees did it break? | forty
? Which building lost its roof? | school | the school

The tea shop sells two blends of its own. The one called Morning Fog tastes of smoke. The one called Green
Coat tastes of mint. Both cost six dollars a tin.
?? What does Morning Fog taste of? | smoke
?? What does Green Coat taste of? | mint
? How many dollars does a tin cost? | six

The tower of Saint Orla has 212 steps. From the top you can see the harbour and the hills. The bell weighs
nine tons and is rung only at New Year.
? How many steps does the tower have? | 212
? How much does the bell weigh? | nine tons | nine
? When is the bell rung? | New Year

The new bridge is made of steel, while the old one was made of wood. The old bridge burned down in 1975.
People had to use a ferry for two years.
?? What is the new bridge made of? | steel
?? What was the old bridge made of? | wood
? In which year did the old bridge burn down? | 1975

The robot in the warehouse is called Gus. It carries boxes from the gate to the shelves. Its battery lasts
ten hours, and it takes two hours to charge it. Gus plays a tune when it turns a corner.
? What is the robot called? | Gus
?? How many hours does the battery last? | ten
?? How many hours does it take to charge the battery? | two

The village of Ansted has a strange rule. Every house must have a red door. The rule is three hundred years
old. A man who painted his door white had to pay for a feast.
? Which colour must every door have? | red
? How old is the rule? | three hundred years | three hundred
?? Which colour did the man paint his door? | white

To make the cake, mix four eggs with sugar and butter. Then add the flour and a cup of milk. Bake it for
fifty minutes. Let it cool for ten minutes before you cut it.
? How many eggs do you need? | four
?? How many minutes does the cake bake? | fifty
?? How many minutes should it cool? | ten

The zoo has a new pair of otters. The male is called Rollo and the female is called Tansy. Rollo came from
Denmark, and Tansy was born in Wales. They are fed at eleven and at three.
?? What is the male otter called? | Rollo
?? From which country did Rollo come? | Denmark
?? Where was Tansy born? | Wales

The festival lasts three days. On the first day there is theatre, on the second day there is music, and on
the third day everybody dances. A ticket for all days costs forty euros.
?? What is there on the second day? | music
? How many days does the festival last? | three
? How many euros does a ticket for all days cost? | forty

The hotel on the cliff has no lift and no television. Guests come for the silence. In the evening the cook
serves fish soup at one long table. The nearest road is a mile away.
? Why do guests come to the hotel? | silence | for the silence
? What does the cook serve in the evening? | fish soup | soup
? How far away is the nearest road? | a mile | mile

The garden club gave two prizes this year. The first prize went to Mrs Varga for her roses. The second prize
went to Mr Stone for a pumpkin of ninety pounds.
?? Who won the first prize? | Mrs Varga | Varga
?? Who won the second prize? | Mr Stone | Stone
? How many pounds did the pumpkin weigh? | ninety

The desert town of Quill gets rain on only five days a year. Water comes through a pipe from the mountains.
The people store it in clay tanks under their houses.
? On how many days a year does it rain in Quill? | five
? Where does the water come from? | mountains | the mountains
? What are the tanks made of? | clay

The film was shot in two countries. The scenes in the snow were made in Iceland, and the scenes in the city
were made in Portugal. The main actor learned to ride a horse for it.
?? In which country were the scenes in the snow made? | Iceland
?? In which country were the scenes in the city made? | Portugal
? What did the main actor learn? | ride a horse | to ride a horse | ride | riding | horse

The company makes pencils and nothing else. The factory stands next to a forest of cedar trees. It makes
nine thousand pencils a day. Each one is checked by hand.
? What does the company make? | pencils
? What kind of trees stand next to the factory? | cedar | cedars
? How many pencils does the factory make a day? | nine thousand | 9,000

The school bus had a flat tyre on Monday morning. The driver, Mr Quist, changed it in the rain. The pupils
missed the first lesson, which was history. They were not sad about it.
? What was wrong with the bus? | flat tyre | tyre
? What was the driver's name? | Mr Quist | Quist
? Which lesson did the pupils miss? | history

The cheese of Monk Valley is made from sheep's milk. It rests in a cave for eight months. The cheese of the
next valley is made from goat's milk and is eaten fresh.
?? From which animal's milk is the cheese of Monk Valley made? | sheep's | sheep
? Where does the cheese rest? | cave | in a cave
? How many months does it rest? | eight

The clock on the town hall has stopped at twenty past four. A pigeon had built a nest inside it. The mayor
decided to wait until the young birds had left.
? At what time has the clock stopped? | twenty past four | 4:20
? Which bird built a nest inside it? | pigeon | a pigeon
? Who decided to wait? | mayor | the mayor

The swimming pool has two basins. The large one is kept at twenty-four degrees and the small one at
thirty-two. Children may use the small one only. A towel costs one euro.
?? At how many degrees is the large basin kept? | twenty-four
?? At how many degrees is the small basin kept? | thirty-two
? How much does a towel cost? | one euro

The orchestra has a new conductor from Brazil. She is twenty-nine years old and used to play the violin. Her
first concert with the orchestra was sold out in one hour.
? From which country is the conductor? | Brazil
? How old is she? | twenty-nine
? Which instrument did she use to play? | violin

The mountain hut can be reached by two paths. The north path takes three hours and is steep. The south path
takes five hours and is easy. Water is sold at the hut, but there is no kitchen.
?? How many hours does the north path take? | three
?? How many hours does the south path take? | five
?? Which path is steep? | north | the north path

The ship Aurora sank near the island of Bram in 1889. It carried glass and wine. Divers found it a century
later. Most of the bottles were still whole.
? In which year did the ship sink? | 1889
? Near which island did it sink? | Bram
? What did the ship carry? | glass and wine | glass | wine

The computer course has three parts. The first part is about writing, the second about tables and the third
about pictures. It is held in room seven. Tea is served in the break.
?? What is the second part about? | tables
?? What is the third part about? | pictures
? In which room is the course held? | seven

The cat shelter in Mill Road is full. It has room for thirty cats, but forty-one live there now. The vet
comes on Tuesdays. The shelter asks for blankets and not for toys.
?? How many cats live there now? | forty-one
? On which day does the vet come? | Tuesdays | Tuesday
?? What does the shelter ask for? | blankets

The pharmacy is on the left of the bank, and the flower shop is on the right of it. The pharmacy closes at
eight. The flower shop closes at six.
?? Which shop is on the left of the bank? | pharmacy | the pharmacy
?? At what time does the pharmacy close? | eight
?? At what time does the flower shop close? | six

The comet can be seen in March, just after sunset. You do not need a telescope. Look to the west, above the
trees. It will not come back for seventy years.
? In which month can the comet be seen? | March
? In which direction should you look? | west
? In how many years will it come back? | seventy

The carpet was made in Shiraz by three sisters. It took them two years. The blue thread was coloured with a
plant from their own garden. A merchant bought it for his ship.
? In which city was the carpet made? | Shiraz
? How long did it take to make it? | two years | two
? Who bought the carpet? | merchant | a merchant

The new phone weighs 150 grams, which is 30 grams less than the old one. Its screen is larger. The battery
is the same. It is sold in grey and in gold.
?? How many grams does the new phone weigh? | 150
? What is larger than before? | screen | the screen
? What is the same as before? | battery | the battery
"""
