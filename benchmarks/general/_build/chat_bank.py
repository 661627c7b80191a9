# ruff: noqa: E501 - a line is an item
"""Conversations about what the user said: names, plans, likes, people.

A block is a conversation: its split and kind, the turns (U user, A assistant) with places ``{0}``, and lines
``V: value; value | last question | accepted answer | ...``.
"""

from __future__ import annotations

BANK = """
# test name
U: Hi, I'm {0}.
A: Hello {0}, nice to meet you! How can I help you today?
V: Nadia | What is my name? | Nadia
V: Oscar | Do you remember what I am called? | Oscar
V: Priya | Say my name, please. | Priya
V: Marek | Who am I? I told you my name. | Marek

# test name
U: Good morning! My name is {0} and I work as a {1}.
A: Good morning! That sounds like an interesting job.
V: Ingrid; baker | What do I do for a living? | baker | bakery
V: Tomas; nurse | What is my job? | nurse
V: Yusuf; gardener | Can you tell me my profession again? | gardener
V: Greta; pilot | What work do I do? | pilot

# test name
U: Hello, {0} here. I have a question about tea.
A: Hello! Of course, ask away.
U: Is green tea made from the same plant as black tea?
A: Yes. Both come from the same plant. The leaves are only treated differently.
V: Helena | Thank you. By the way, do you still know my name? | Helena
V: Dmitri | Good to know. What was my name again? | Dmitri
V: Samira | Fine. Which name did I give you at the start? | Samira
V: Walter | I see. Now greet me by my name. | Walter

# test pet
U: I have a {0} called {1}.
A: How lovely! A {0} can be great company.
V: cat; Pepper | What is the name of my pet? | Pepper
V: dog; Biscuit | What did I say my dog is called? | Biscuit
V: parrot; Mango | Tell me the name of my parrot. | Mango
V: rabbit; Clover | Which name does my rabbit have? | Clover

# test pet
U: My pet {0} is five years old today.
A: Happy birthday to your pet! Will there be a treat?
V: turtle | Yes! What kind of animal is my pet? | turtle
V: hamster | Sure. Which animal do I have? | hamster
V: goat | Of course. What animal am I talking about? | goat
V: ferret | Certainly. What sort of pet do I have? | ferret

# test two-people
U: My brother {0} lives in {1} and my sister {2} lives in {3}.
A: It must be nice to visit them both.
V: Leon; Rome; Ida; Oslo | It is. Where does my sister live? | Oslo
V: Karl; Lima; Vera; Cairo | It is. In which city does my brother live? | Lima
V: Adam; Dublin; Mona; Athens | Yes. Which city would I travel to if I wanted to see Mona? | Athens
V: Piet; Tokyo; Rosa; Madrid | Yes. Where would I have to go to see Piet? | Tokyo

# test two-people
U: My son {0} plays the {1} and my daughter {2} plays the {3}.
A: What a musical family!
V: Ben; drums; Lucy; violin | Which instrument does my daughter play? | violin
V: Noah; piano; Emma; flute | Which instrument does Noah play? | piano
V: Felix; trumpet; Clara; harp | What does Clara play? | harp
V: Hugo; guitar; Julia; cello | Who plays the guitar, Hugo or Julia? | Hugo

# test plan
U: I'm flying to {0} on {1} to see a friend.
A: That sounds exciting! Have a safe flight.
V: Lisbon; Friday | Thanks. Where am I going? | Lisbon
V: Vienna; Tuesday | Thanks. On which day do I fly? | Tuesday
V: Nairobi; Sunday | Thanks. Remind me of the city I am flying to. | Nairobi
V: Toronto; Monday | Thanks. What day is my flight? | Monday

# test plan
U: Tomorrow I want to {0} in the morning and {1} in the afternoon.
A: That sounds like a full day!
V: swim; paint the fence | What am I going to do in the afternoon? | paint the fence | paint a fence | paint your fence | painting the fence | paint my fence
V: bake bread; visit my aunt | What did I plan for the morning? | bake bread | baking bread
V: clean the windows; play tennis | What will I do after lunch? | tennis
V: write letters; repair my bike | Which of my two plans comes first? | write letters | writing letters

# test plan
U: I need to buy {0}, {1} and {2} today.
A: All right. Do you have a shop near you?
U: Yes, there is one around the corner.
A: Great, then it won't take long.
V: milk; rice; candles | What was the third thing on my list? | candles | candle
V: soap; butter; stamps | Which thing did I name first? | soap
V: flour; nails; tea | What three things do I need? List them. | flour, nails and tea | flour, nails, and tea | flour nails tea | flour nails and tea
V: eggs; glue; lemons | Which of the things on my list can you not eat? | glue

# test liking
U: I love {0} but I can't stand {1}.
A: I see. Everyone has their own taste.
V: mushrooms; olives | Which of the two would you put on my pizza? | mushrooms | mushroom
V: jazz; opera | What kind of music do I love? | jazz
V: mountains; beaches | Where should I go on holiday, to the mountains or to the beaches? | mountains
V: tea; coffee | What do I not like to drink? | coffee

# test liking
U: My favourite colour is {0}.
A: Nice! {0} is a beautiful colour.
U: I want to paint my kitchen in my favourite colour.
A: What a good idea. Do you need tips for painting?
V: green | First tell me which colour I should buy. | green
V: yellow | Not yet. What colour will my kitchen have? | yellow
V: purple | Later. In what colour will I paint it? | purple
V: orange | No. Just name my favourite colour. | orange

# test liking
U: I used to like {0}, but now I only read {1}.
A: Tastes change. What are you reading at the moment?
V: comics; novels | Guess! What do I read now? | novels | novel
V: poems; thrillers | Guess! Which kind of books do I read these days? | thrillers | thriller
V: fairy tales; biographies | You tell me: what did I like to read before? | fairy tales | fairy tale
V: westerns; cookbooks | Look at what I said. What is the only thing I read today? | cookbooks | cookbook

# test liking
U: I am allergic to {0}. Otherwise I eat everything.
A: Thanks for telling me. I will keep it in mind.
V: nuts | What must I not eat? | nuts
V: shellfish | Which food should you keep out of a recipe for me? | shellfish
V: strawberries | What am I allergic to? | strawberries | strawberry
V: celery | Which food is dangerous for me? | celery

# test fact
U: My car is {0} and my bicycle is {1}.
A: So you have two ways to get around.
V: red; silver | What colour is my bicycle? | silver
V: white; blue | What is the colour of my car? | white
V: black; green | Which of the two is green? | bicycle | bike
V: brown; pink | Which of the two is brown? | car

# test fact
U: I was born in {0} and grew up in {1}.
A: You have seen two places then.
V: Chile; Spain | In which country was I born? | Chile
V: Kenya; France | Where did I grow up? | France
V: Poland; Ireland | In which country did I spend my childhood? | Ireland
V: India; Canada | What is my country of birth? | India

# test fact
U: The code for my bicycle lock is {0}.
A: I'll remember that for this conversation.
U: I always forget it.
A: It happens to many people.
V: 4821 | What is the code? | 4821
V: 7350 | Tell me the number of my lock. | 7350
V: 1964 | Which numbers do I have to turn? | 1964
V: 2087 | Give me the code again, please. | 2087

# test fact
U: My grandmother {0} is {1} years old and still goes dancing.
A: Wonderful! She sounds full of life.
V: Martha; 84 | How old is she? | 84 | eighty-four
V: Olga; 91 | What is the name of my grandmother? | Olga
V: Edith; 79 | What is my grandmother's age? | 79 | seventy-nine
V: Rosalind; 88 | Who goes dancing, and what is her name? | Rosalind

# test fact
U: Today I had {0} for breakfast and {1} for lunch.
A: That sounds tasty. And what is for dinner?
V: porridge; soup | I don't know yet. What did I have for lunch? | soup
V: toast; noodles | Nothing. What did I eat in the morning? | toast
V: pancakes; salad | Let me think. Which meal was salad? | lunch
V: yoghurt; dumplings | I will see. What was my breakfast? | yoghurt | yogurt

# test fact
U: I left my keys {0} and my wallet {1}.
A: It is good that you know where they are.
V: in the car; on the table | Where is my wallet? | table
V: under the sofa; in the drawer | Where are my keys? | sofa
V: at the office; in the kitchen | Where should I look for my keys? | office
V: on the shelf; in the garage | Where did I leave the wallet? | garage

# validation name
U: Hey, this is {0}. I'm writing to you from {1}.
A: Hi {0}! How is the weather there?
V: Bruno; Zurich | Sunny! In which town am I? | Zurich
V: Alma; Prague | Cold! Where am I writing from? | Prague
V: Silas; Havana | Hot! Which city did I name? | Havana
V: Nora; Bergen | Wet! What is my name? | Nora

# validation two-people
U: My neighbour {0} keeps bees and my neighbour {1} keeps hens.
A: Do they give you honey and eggs?
V: Frank; Louise | Sometimes. Who would give me honey? | Frank
V: Petra; Simon | Sometimes. Who has the hens? | Simon
V: Anton; Beatrix | Sometimes. Which neighbour can I ask for eggs? | Beatrix
V: Gerda; Julian | Sometimes. Whose bees are they? | Gerda

# validation plan
U: I have a dentist appointment at {0} and dinner with {1} at eight.
A: That's a mixed day. I hope the dentist is quick!
V: two; Maria | With whom will I have dinner? | Maria
V: four; Paul | At what time is the dentist? | four | 4
V: ten; Ursula | Who comes to dinner with me? | Ursula
V: three; Otto | When do I have to be at the dentist's? | three | 3
"""
