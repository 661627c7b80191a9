# ruff: noqa: E501 - a line is an item
"""Conversations about what the assistant said, about corrections, and about what follows from what was said.

The form is that of `chat_bank`.
"""

from __future__ import annotations

BANK = """
# test correction
U: Our meeting is on {0}.
A: Got it, the meeting is on {0}.
U: Sorry, I was wrong. It is on {1}.
A: Thanks, I have changed it.
V: Monday; Thursday | On which day is our meeting? | Thursday
V: Friday; Tuesday | When do we meet? | Tuesday
V: Wednesday; Saturday | What is the right day of the meeting? | Saturday
V: Sunday; Wednesday | Which day should I write into my calendar? | Wednesday

# test correction
U: Please call me {0}.
A: Of course, {0}!
U: Actually, I prefer {1}.
A: No problem.
V: Robert; Rob | How should you call me? | Rob
V: Katherine; Kitty | What name do I prefer? | Kitty
V: Alexander; Sasha | Greet me with the name that I like better. | Sasha
V: Margaret; Peggy | Which name do you use for me now? | Peggy

# test correction
U: I'd like a table for {0} people.
A: A table for {0}. Anything else?
U: Two more friends are coming, so make it {1}.
A: All right.
V: four; six | For how many people is the table now? | six | 6
V: three; five | How many of us will come? | five | 5
V: seven; nine | How large must the table be? | nine | 9
V: eight; ten | How many seats do we need? | ten | 10

# test correction
U: My train leaves from platform {0}.
A: Platform {0}, noted.
U: Oh, they have just changed it to platform {1}.
A: Thanks for letting me know.
V: 3; 9 | To which platform must I go? | 9 | nine
V: 12; 5 | Where does my train leave? | 5 | five
V: 7; 11 | What is my platform now? | 11 | eleven
V: 2; 8 | Which platform is the right one? | 8 | eight

# test correction
U: The capital of Australia is Sydney, isn't it? My friend {0} says so.
A: No, the capital of Australia is Canberra.
V: Luca | Then my friend was wrong. What is the capital? | Canberra
V: Mia | Oh! So which city is it? | Canberra
V: Jonas | I must tell him. What is my friend's name again? | Jonas
V: Frida | Who told me that it was Sydney? | Frida

# test said
U: Can you suggest three dishes for tonight?
A: Sure: 1. {0}, 2. {1}, 3. {2}.
V: lasagne; pea soup; fried rice | What was your second suggestion? | pea soup
V: tacos; fish pie; omelette | Which dish did you name first? | tacos | taco
V: curry; goulash; ravioli | What was the third dish? | ravioli
V: risotto; chili; pancakes | Which dish stood at number two? | chili

# test said
U: What should I name my boat?
A: How about "{0}" or "{1}"?
V: Sea Breeze; Lucky Star | I take the first one. What is my boat called? | Sea Breeze
V: Blue Moon; Wild Goose | I like the second name. So what is the name of my boat? | Wild Goose
V: Morning Dew; Old Friend | The second one, please. How will the boat be called? | Old Friend
V: Silver Wave; Night Owl | I choose your first idea. Which name do I paint on it? | Silver Wave

# test said
U: Which is better for a beginner, the {0} or the {1}?
A: I would begin with the {0}. It is easier to learn.
U: Good, I trust you.
A: I am glad. Have fun with it!
V: ukulele; violin | Which instrument did you recommend? | ukulele
V: recorder; oboe | What did you tell me to begin with? | recorder
V: keyboard; harp | Which of the two is harder, as you said? | harp
V: tambourine; trombone | So what shall I learn first? | tambourine

# test said
U: Tell me a fun fact about animals.
A: Here is one: {0}.
V: octopuses have three hearts | How many hearts was that? | three | 3
V: a snail can sleep for three years | Which animal did you talk about? | snail | snails
V: sea otters hold hands when they sleep | Which animal did your fact speak of? | sea otter | sea otters | otter | otters
V: a hummingbird can fly backwards | Say again which bird can do that. | hummingbird | hummingbirds

# test said
U: What do I need for your lemonade?
A: You need {0} lemons, {1} spoons of sugar and a litre of water.
V: four; six | How many lemons was it? | four | 4
V: five; three | How many spoons of sugar do I need? | three | 3
V: seven; nine | Say the number of spoons again. | nine | 9
V: two; five | How many lemons should I buy? | two | 2

# test said
U: Where can I take my children on Saturday?
A: You could go to the {0}. It opens at {1}.
U: That sounds good.
A: They will like it!
V: zoo; nine | When does it open? | nine | 9
V: science museum; ten | What place did you suggest? | science museum | museum
V: ice rink; two | Where should I take them? | ice rink | rink
V: planetarium; three | From what time can we get in? | three | 3

# test derived
U: I had {0} apples and then I bought {1} more.
A: You like apples, don't you?
V: three; two | Yes. How many apples do I have now? | five | 5
V: four; four | Yes. How many have I got altogether? | eight | 8
V: six; one | Yes. What is the number of my apples now? | seven | 7
V: five; five | Yes. Count my apples. | ten | 10

# test derived
U: My holiday begins on {0} and lasts two days.
A: Enjoy your short break!
V: Monday | On which day does it end? | Tuesday
V: Thursday | What is the second day of my holiday? | Friday
V: Saturday | On which day is my last day of holiday? | Sunday
V: Tuesday | When is the second of the two days? | Wednesday

# test derived
U: {0} is taller than {1}.
A: I see.
U: And {1} is taller than {2}.
A: Understood.
V: Anna; Beth; Carol | Who is the tallest of the three? | Anna
V: David; Eric; Fritz | Who is the shortest of them? | Fritz
V: Gina; Heidi; Irma | Who is smaller, Gina or Irma? | Irma
V: Jack; Kevin; Liam | Which of the three is the tallest? | Jack

# test derived
U: I only speak {0}. My friend {1} only speaks {2}.
A: Then you need somebody who speaks both.
V: English; Pierre; French | In which language should I write to my friend? | French
V: German; Lucia; Spanish | Which two languages must the helper speak? | German and Spanish | Spanish and German | German, Spanish
V: Italian; Hans; Dutch | What language does Hans speak? | Dutch
V: Polish; Yuki; Japanese | Which language do I speak myself? | Polish

# test derived
U: I always drink {0} when it rains and {1} when the sun shines.
A: A nice habit.
V: cocoa; lemonade | It is raining now. What will I drink? | cocoa
V: tea; cider | The sun is out today. What do I have in my glass? | cider
V: coffee; apple juice | There is rain at the window. What am I drinking? | coffee
V: broth; milk | What a sunny day! What do I drink? | milk

# test derived
U: The museum is closed on {0} and the pool is closed on {1}.
A: Good to know before you go.
V: Mondays; Tuesdays | Today is Monday. Which of the two can I visit? | pool
V: Sundays; Fridays | It is Friday. Where can I go, to the museum or to the pool? | museum
V: Tuesdays; Thursdays | On which day is the pool closed? | Thursday | Thursdays
V: Wednesdays; Saturdays | When can't I go to the museum? | Wednesday | Wednesdays

# test long
U: I'm {0}, and I would like to learn to cook.
A: Great! What would you like to cook first?
U: Something with {1}.
A: Good choice. Do you have an oven?
U: Yes, but it is very small.
A: That is enough for a start.
V: Theo; potatoes | Which ingredient did I name? | potatoes | potato
V: Amira; lentils | What do I want to cook with? | lentils | lentil
V: Boris; spinach | What food did I want to use? | spinach
V: Yara; carrots | Do you remember my name? | Yara

# test long
U: We are planning a party for {0}.
A: How nice! When is it?
U: Next {1}, in our garden.
A: Lovely. How many guests will come?
U: About twenty.
A: Then you need plenty of chairs.
V: Grandpa; Saturday | For whom is the party? | Grandpa | grandfather
V: Charlotte; Sunday | On which day is the party? | Sunday
V: Victor; Friday | Whose party is it? | Victor | Victor's
V: Melanie; Thursday | Where will the party be? | garden

# test long
U: I want to run a race of {0} kilometres in {1}.
A: That is a good goal. How often do you train?
U: Twice a week.
A: Perhaps you can add a third day.
U: I could, on Sundays.
A: Perfect!
V: ten; May | In which month is my race? | May
V: five; October | How long is the race? | five | 5
V: twenty; June | How many kilometres do I want to run? | twenty | 20
V: eight; March | How often do I train now? | twice | two times | 2

# validation correction
U: My birthday is in {0}.
A: In {0}! Do you have plans?
U: Oh, I mistyped. It is in {1}.
A: I see.
V: April; August | In which month was I born? | August
V: June; July | When is my birthday? | July
V: March; May | What is the right month? | May
V: October; November | Which month should you remember? | November

# validation said
U: Recommend a book for the beach.
A: Try "{0}" by {1}. It is light and funny.
V: The Paper Boat; Ella Winter | Who wrote it? | Ella Winter | Winter
V: Salt and Sun; Marc Hill | What is the title of the book? | Salt and Sun
V: A Week in Straw Hats; Lily Stone | Which author did you name? | Lily Stone | Stone
V: The Late Ferry; Tom Barrow | Which book should I take with me? | The Late Ferry | Late Ferry

# validation derived
U: I put {0} in the left drawer and {1} in the right drawer.
A: A tidy desk helps!
V: pens; scissors | Which drawer do I open when I want to cut paper? | right
V: stamps; batteries | What is in the left drawer? | stamps
V: string; tape | Where is the tape? | right
V: chalk; coins | Which drawer has my money in it? | right
"""
