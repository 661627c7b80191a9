"""Facts of places, history, language, food and sport: `question | accepted answer | ...`, a line each."""

from __future__ import annotations

TOPICS = {
    "geography": """
What is the capital of France? | Paris
What is the capital of Japan? | Tokyo
What is the capital of Italy? | Rome
What is the capital of Germany? | Berlin
What is the capital of Spain? | Madrid
What is the capital of Egypt? | Cairo
What is the capital of Russia? | Moscow
What is the capital of Canada? | Ottawa
What is the capital of Greece? | Athens
In which country is the city of Mumbai? | India
On which continent does Kenya lie? | Africa
On which continent does Brazil lie? | South America
What is the largest ocean on Earth? | Pacific
What is the highest mountain in the world? | Everest
Which country in Europe has the shape of a boot? | Italy
Which large desert covers most of northern Africa? | Sahara
Which river flows through Egypt? | Nile
Which river flows through London? | Thames
What is the largest country in the world by area? | Russia
What is the coldest continent on Earth? | Antarctica
Which ocean lies between Europe and North America? | Atlantic
In which city does the Eiffel Tower stand? | Paris
In which city can you visit the Colosseum? | Rome
In which city does the Statue of Liberty stand? | New York
In which country do the pyramids of Giza stand? | Egypt
In which country is the Taj Mahal? | India
Which country built the Great Wall? | China
Which country lies directly south of the United States? | Mexico
Which sea lies between Europe and Africa? | Mediterranean
What is the currency of Japan? | yen
What is the largest island in the world? | Greenland
In which mountain range is Mont Blanc? | Alps
What is the largest rainforest in the world? | Amazon
Which imaginary line divides the Earth into a northern and a southern half? | equator
""",
    "history": """
Who was the first president of the United States? | Washington
Who was the first person to walk on the moon? | Armstrong
In which year did the Second World War end? | 1945
In which year did the First World War begin? | 1914
Who sailed from Spain to America in 1492? | Columbus
Who painted the Mona Lisa? | Leonardo | da Vinci
Who wrote "Romeo and Juliet"? | Shakespeare
Which inventor is famous for the first practical telephone? | Bell
In which year did the Berlin Wall fall? | 1989
Which large ship sank in 1912 after it hit an iceberg? | Titanic
Which French emperor lost the Battle of Waterloo? | Napoleon
Who was the president of the United States during the American Civil War? | Lincoln
In which country did the Olympic Games begin? | Greece
Who led India to independence by peaceful protest? | Gandhi
Who was the first black president of South Africa? | Mandela
Who brought the printing press with movable type to Europe? | Gutenberg
Who gave the speech "I have a dream"? | Martin Luther King | King | MLK
Which language did the ancient Romans speak? | Latin
Who wrote "On the Origin of Species"? | Darwin
Which brothers flew the first aeroplane with an engine? | Wright
Who painted the ceiling of the Sistine Chapel? | Michelangelo
Who wrote the Harry Potter books? | Rowling
Who wrote "Oliver Twist"? | Dickens
Who composed the opera "The Magic Flute"? | Mozart
Who painted "The Starry Night"? | van Gogh
Which ancient city did Mount Vesuvius bury in ash? | Pompeii | Herculaneum
""",
    "language": """
What is the opposite of "hot"? | cold | cool
What is the opposite of "big"? | small | little | tiny
What is the opposite of "fast"? | slow
What is the opposite of "happy"? | sad | unhappy
What is the opposite of "empty"? | full
What is the opposite of "rich"? | poor
What is the opposite of "wet"? | dry
What is the opposite of "early"? | late
What is the plural of "mouse"? | mice
What is the plural of "child"? | children
What is the plural of "foot"? | feet
What is the past tense of "go"? | went
What is the past tense of "eat"? | ate
How many letters are in the English alphabet? | 26 | twenty-six
What is the last letter of the English alphabet? | Z | zed | zee
Which language do most people in Brazil speak? | Portuguese
Which language do most people in Mexico speak? | Spanish
Which language do most people in Austria speak? | German
How do you say "hello" in Spanish? | hola
How do you say "thank you" in French? | merci
What do you call a person who bakes bread for a living? | baker
What do you call a person who writes novels? | novelist | author | writer
What do you call a person who flies a plane? | pilot | aviator
What do you call a person who grows crops? | farmer | grower
What do you call a person who puts out fires? | firefighter | firefighters | fireman | fire fighter
What do you call a doctor for animals? | vet | veterinarian | veterinary surgeon | veterinary
What do you call the brother of your mother? | uncle
What do you call the mother of your father? | grandmother | grandma | granny
""",
    "food": """
Which country does sushi come from? | Japan | Japanese
Which country does pizza come from? | Italy | Italian
Which country do tacos come from? | Mexico | Mexican
Which country is the home of the croissant? | France | Austria
Which fruit is the main part of guacamole? | avocado | avocados
Which fruit is dried to make raisins? | grape | grapes
Which vegetable is used to make French fries? | potato | potatoes
Which vegetable often makes you cry when you cut it? | onion | onions
Which vegetable is carved into lanterns at Halloween? | pumpkin | pumpkins | turnip | turnips
Which hot drink is made from roasted beans? | coffee
Which food do vegetarians not eat? | meat | fish | poultry
Which fruit is used to make most wine? | grape | grapes
Which beans are used to make chocolate? | cocoa | cacao
What is the main ingredient of an omelette? | egg | eggs
Which pulse is the main ingredient of hummus? | chickpea | chickpeas | chick peas | garbanzo
What is cheese made from? | milk
What is popcorn made from? | corn | maize | kernels
What makes bread dough rise? | yeast | carbon dioxide | baking powder | baking soda
Which sweet food do bees make? | honey
Which farm bird lays most of the eggs that people eat? | chicken | chickens | hen | hens
Which tool do you use to eat soup? | spoon | soup spoon
Which meal do people eat in the morning? | breakfast
Which vegetable is a pickle most often made from? | cucumber | cucumbers | gherkin
Which animal does bacon come from? | pig | pigs | hog | hogs
""",
    "sport and games": """
How many players does a football (soccer) team have on the field? | 11 | eleven
Which sport is played at Wimbledon? | tennis
How many rings are on the Olympic flag? | five | 5
In which sport do riders race in the Tour de France? | cycling | bicycle | bike | bicycling
How many years lie between two Summer Olympic Games? | four | 4
Which sport is played on ice with a puck? | hockey | ice hockey
Which sport made Muhammad Ali famous? | boxing | boxer
How many players does a basketball team have on the court? | five | 5
Which medal does the winner of an Olympic event get? | gold
Which medal does an Olympic athlete get for third place? | bronze
Which board game has kings, queens and pawns? | chess
Which sport does Tiger Woods play? | golf
Which sport made Pelé famous? | football | soccer
How many strings does a violin have? | four | 4
How many sides does a normal die have? | six | 6
How many cards are in a standard deck without jokers? | 52 | fifty-two
Which instrument has 88 black and white keys? | piano
In which sport do players throw a ball through a high hoop? | basketball | netball
Which sport takes place in a pool? | swimming | water polo | diving
Which sport uses a bat, a glove and four bases? | baseball | softball
""",
}
