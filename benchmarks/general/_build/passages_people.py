"""Passages about people with questions: `?` a plain one, `??` one with a rival answer in the passage."""

from __future__ import annotations

PASSAGES = """
Marta runs a small bakery in Hollin Street. She opens at six in the morning and closes at two. Her best
known product is a round loaf with walnuts. On Sundays the shop stays closed.
? In which street is the bakery? | Hollin Street | Hollin
?? At what time does the shop open? | six
? What is in the round loaf? | walnuts

Peter and Jonas share a flat near the river. Peter works as a nurse and often has the night shift. Jonas is
a carpenter and builds kitchens. They cook together every Friday.
?? What does Peter work as? | nurse
?? What does Jonas work as? | carpenter
? On which day do they cook together? | Friday

Aunt Vera keeps eleven hens and two goats behind her house. The hens lay enough eggs for the whole street.
The goats are called Pepper and Salt. Last week Pepper ate a straw hat.
?? How many hens does Aunt Vera keep? | eleven
?? How many goats does she have? | two
? What did Pepper eat? | straw hat | hat

Daniel learned to swim when he was thirty. His teacher was a retired sailor called Bruno. They met every
Tuesday at the town pool. After four months Daniel swam his first mile.
? How old was Daniel when he learned to swim? | thirty
? What was the name of his teacher? | Bruno
? On which day did they meet? | Tuesday

Lena plays the cello and her brother Felix plays the drums. Lena practises in the living room. Felix has to
practise in the cellar because of the noise. In June they will play together at a wedding.
?? Which instrument does Lena play? | cello
?? Where does Felix have to practise? | cellar
? In which month will they play at a wedding? | June

Mr Okoro has been a postman for twenty years. He delivers letters in three villages and knows every dog by
name. He used to ride a bicycle, but now he drives a yellow van.
? How long has Mr Okoro been a postman? | twenty years | twenty
?? In how many villages does he deliver letters? | three
?? What does he drive now? | yellow van | van

The twins Clara and Nils have very different hobbies. Clara collects old maps and has more than ninety of
them. Nils builds model ships. Their father says that both hobbies need a lot of dust cloths.
?? What does Clara collect? | maps | old maps
?? What does Nils build? | model ships | ships
? How many maps does Clara have? | ninety

Sofia left her umbrella on the train to Norwick. She noticed it only when it began to rain. At the lost
property office a clerk found it between two suitcases. She paid a fee of three pounds.
? What did Sofia leave on the train? | umbrella
? Where did the clerk find it? | between two suitcases | suitcases
? How much was the fee? | three pounds

Grandfather Emil tells the same story every winter. As a boy he fell through the ice on a pond and was saved
by a farmer with a ladder. The farmer's name was Kasper. Emil sent him a cake every year.
?? What was the name of the farmer? | Kasper
? What did the farmer use to save him? | ladder
? What did Emil send the farmer every year? | cake

Ruth wanted to paint her door green, but the shop had only blue and red. She took the blue paint. Her
neighbour Ida liked it so much that she painted her own door red.
?? What colour did Ruth paint her door? | blue
?? What colour did Ida paint her door? | red
?? Which colour did Ruth want at first? | green

Hassan drives a taxi at night and studies law during the day. He sleeps from four to nine in the morning.
His exam is in September. When the streets are empty, he reads in the car.
? What does Hassan study? | law
? In which month is his exam? | September
? What does Hassan drive? | taxi

Elin and Tove ran the same race in May. Elin finished in fifty minutes. Tove needed sixty minutes because
she lost a shoe in the mud. Both of them got a medal.
?? How long did Elin need? | fifty minutes | fifty
?? How long did Tove need? | sixty minutes | sixty
? What did Tove lose in the mud? | shoe

The painter Albrecht Moll lived in a lighthouse for seven years. He painted only the sea, and always before
breakfast. Later he moved to a farm and painted horses.
? Where did Albrecht Moll live for seven years? | lighthouse
?? What did he paint in his first home? | sea
?? What did he paint on the farm? | horses

Nadia is saving money for a telescope. It costs two hundred euros. She has already saved one hundred and
fifty. She earns money by walking the dogs of her neighbours.
? What is Nadia saving money for? | telescope
?? How many euros does it cost? | two hundred
? Whose dogs does she walk? | neighbours | her neighbours

Captain Brandt has a cat called Admiral that comes with him on every trip. The cat sleeps on the sea charts.
It hates fish, but it loves cheese.
? What is the name of the captain's cat? | Admiral
?? Which food does the cat love? | cheese
?? Which food does the cat hate? | fish

Tessa bought a used piano for eighty dollars. Moving it cost twice as much as the piano. Four friends
carried it up the stairs. The tuner came on Monday.
? What did Tessa buy? | piano
? How many friends carried it? | four
? On which day did the tuner come? | Monday

Oliver wrote a letter to his grandmother in Lisbon. He told her about his new school and about his friend
Mateo. The letter took nine days. She answered with a parcel full of almonds.
? In which city does the grandmother live? | Lisbon
? How many days did the letter take? | nine
? What was in the parcel? | almonds

Judge Amara Bell begins each day with a walk in the park. At noon she eats soup in a small restaurant behind
the court. She has done this for twelve years. The owner keeps table five for her.
? What does the judge eat at noon? | soup
?? Which table does the owner keep for her? | five
?? For how many years has she done this? | twelve

Little Anton is afraid of thunder but not of spiders. His sister Greta is afraid of spiders but not of
thunder. During a storm Greta reads to him. When there is a spider, Anton carries it outside.
?? What is Anton afraid of? | thunder
?? What is Greta afraid of? | spiders
? What does Greta do during a storm? | reads | reads to him

Professor Lind forgot his glasses at the museum. The guard kept them in a drawer for a month. When the
professor came back, he brought the guard a jar of honey.
? What did the professor forget? | glasses | his glasses
? Where did the guard keep them? | drawer | in a drawer
? What did the professor bring the guard? | honey | a jar of honey

Inga and Paolo opened a cafe together. Inga makes the cakes and Paolo makes the coffee. The cafe has eight
tables and a large window. On Saturdays a student plays the harp there.
?? Who makes the cakes? | Inga
?? Who makes the coffee? | Paolo
? How many tables does the cafe have? | eight

Yusuf grows tomatoes on his balcony. Last summer he picked sixty of them. This summer there were only
twenty, because it rained for weeks. Next year he wants to grow beans.
?? How many tomatoes did Yusuf pick last summer? | sixty
?? How many tomatoes were there this summer? | twenty
?? What does he want to grow next year? | beans

Fire captain Dora Klein once rescued a parrot from a chimney. The parrot bit her finger and then said thank
you. The owner was an old actor named Leopold.
? What did Dora Klein rescue? | parrot | a parrot
? From where was it rescued? | chimney | a chimney
? What was the name of the owner? | Leopold

Every Thursday Hugo visits his uncle on the hill. They play chess until the church bell rings seven. The
uncle always plays white. Hugo has won only once, when his uncle had a cold.
? On which day does Hugo visit his uncle? | Thursday
? Which game do they play? | chess
? Which colour does the uncle always play? | white

Rosa teaches Spanish in the morning and dance in the evening. Her Spanish class has fourteen students. Her
dance class has thirty. Both meet in the old cinema.
?? How many students does the Spanish class have? | fourteen
?? How many students does the dance class have? | thirty
? Where do both classes meet? | old cinema | cinema

Samir repairs watches in a shop under the station. His tools belonged to his grandfather. The oldest watch
in the shop is from 1790 and still runs. The newest one is broken.
? What does Samir repair? | watches
? Who did the tools belong to? | grandfather | his grandfather
? From which year is the oldest watch? | 1790

Wanda and Otto both wanted the last cinnamon roll. They tossed a coin, and Wanda won. She cut the roll in
half and gave one half to Otto. He paid for the tea.
?? Who won when they tossed a coin? | Wanda
?? Who paid for the tea? | Otto
? What did they both want? | cinnamon roll | the last cinnamon roll

Ivo is the tallest boy in his class, and Milan is the fastest. On sports day Ivo won the high jump. Milan
won the sprint. Their friend Jana threw the ball farther than anybody.
?? Who won the high jump? | Ivo
?? Who won the sprint? | Milan
?? Who threw the ball farther than anybody? | Jana

The singer Estelle Marsh lost her voice before the final concert. Her doctor told her to be silent for five
days. She wrote notes on a small blackboard. The concert was moved to October.
? What did Estelle Marsh lose? | voice | her voice
? How many days should she be silent? | five
? To which month was the concert moved? | October

Magnus lives alone on an island with a radio and a dog called Biscuit. A boat brings him food every second
week. He counts birds for a university. So far he has counted four thousand puffins.
? What is the dog called? | Biscuit
? What does Magnus count? | birds | puffins
? What does the boat bring him? | food

Irene took the bus to work for years. In spring she bought a bicycle, and now the trip takes twenty minutes
instead of forty. She leaves home at eight.
?? How long does the trip take by bicycle? | twenty minutes | twenty
?? How long did the trip take by bus? | forty | forty minutes
? At what time does Irene leave home? | eight

Ben has a sister in Canada and a brother in Norway. The sister is a pilot and visits him often. The brother
is a fisherman and comes only at Christmas.
?? In which country does the sister live? | Canada
?? In which country does the brother live? | Norway
?? What is the brother's job? | fisherman
"""
