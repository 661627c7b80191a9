# ruff: noqa: E501 - a line is an item
"""Everyday requests with what an answer is made of, for the instructions that `follows` adds.

TOPICS: ``request | sentence | sentence | sentence | short; items; of a; list | word in the first sentence | word
in no sentence``. SPOKEN: ``language | request | answer``. RECORDS: ``request | keys | values``.
"""

from __future__ import annotations

TOPICS = """
Why should I drink water every day? | Water keeps your body cool and your blood moving. | Without it you feel tired and your head begins to hurt. | Most people need about eight glasses on a normal day. | cools the body; helps the blood; prevents headaches; keeps the skin soft | body | coffee
How can I sleep better? | Go to bed at the same hour every night. | Keep the bedroom dark, cool and quiet. | Leave your phone in another room before you lie down. | dark room; fixed hours; no phone; fresh air | hour | pills
What should I pack for a weekend at the sea? | Pack a towel, sun cream and a warm jacket. | The wind can be cold in the evening, even in summer. | A good book is nice for the quiet hours on the sand. | towel; sun cream; jacket; book | towel | camera
Why are trees important for a city? | Trees give shade and clean the air of a city. | They also hold back rain, so that streets flood less often. | Birds and insects find a home in their branches. | shade; clean air; less flooding; homes for birds | shade | money
How do I make a simple tomato soup? | Fry an onion, add tomatoes and let them cook. | After twenty minutes blend everything until it is smooth. | Serve it hot with salt, pepper and a little cream. | tomatoes; onion; salt; cream | onion | garlic
What makes a good friend? | A good friend listens and tells you the truth. | You can call such a person in the middle of the night. | Both of you forgive small mistakes and laugh together. | listens; is honest; has time; forgives | truth | rich
How can I save money at home? | Cook at home and turn off lights that you do not need. | A list helps you to buy only what is really missing. | Put a small sum aside on the first day of each month. | cook at home; use a list; turn off lights; compare prices | lights | bank
Why do people keep dogs? | Dogs are loyal and make people feel less alone. | They need long walks, so their owners move more. | Some of them also guard the house or help blind people. | loyalty; company; long walks; protection | loyal | cats
How do I prepare for a job interview? | Read about the company and practise your answers aloud. | Choose clean clothes and leave home early. | Think of two questions that you would like to ask. | read about the company; practise; dress well; arrive early | company | salary
What is nice about autumn? | The leaves turn red and gold and the air is fresh. | People collect chestnuts and drink tea by the window. | The evenings are long, which is good for reading. | red leaves; fresh air; warm tea; long evenings | leaves | snow
How do I look after a house plant? | Give it light and water it when the soil feels dry. | Turn the pot once a week so that it grows straight. | In spring it likes fresh soil and a bit of plant food. | light; water; fresh soil; a larger pot | light | garden
Why should children read books? | Books teach children new words and new ideas. | A story also trains them to sit still and to imagine things. | Reading together brings parents and children closer. | new words; imagination; patience; fun | ideas | school
How can I learn a new language? | Learn ten words a day and speak as early as you can. | Films and songs train your ear without much effort. | Mistakes are normal, so do not be shy. | daily words; films; songs; a partner to talk to | words | grammar
What can we do on a rainy afternoon? | We can bake a cake or play a board game. | A film with popcorn is fun as well. | If the rain is warm, we can even jump into the puddles. | bake a cake; play a game; watch a film; read aloud | cake | television
Why is breakfast useful? | A good breakfast gives you energy for the morning. | Children who eat early can pay attention for longer. | Oats, fruit and eggs keep you full until noon. | energy; attention; a good mood; less hunger | energy | lunch
How do I clean a bathroom quickly? | Spray the tiles and wait before you wipe them. | Then scrub the sink and the toilet with a brush. | Open the window so that everything can dry. | spray; scrub; wipe; dry | tiles | bleach
What is special about the moon? | The moon circles the Earth once in about a month. | It has no air, so footprints stay there for ages. | Its pull makes the sea rise and fall twice a day. | no air; many craters; the tides; its phases | month | stars
How can I get fitter without a gym? | Walk fast for half an hour and take the stairs. | Push-ups and squats need nothing but a bit of floor. | A friend who joins you makes it easier to go on. | walking; stairs; squats; cycling | stairs | machines
Why do we celebrate birthdays? | A birthday shows people that we are glad they exist. | It is a reason to meet, to eat cake and to look back. | For children it also marks how much they have grown. | joy; cake; friends; memories | people | presents
What should a good teacher be like? | A good teacher explains clearly and stays patient. | Such a person notices who needs help and who is bored. | Humour makes even a hard lesson easier to bear. | patient; clear; fair; funny | patient | strict
How do I write a thank-you note? | Name the gift and say what you like about it. | Write by hand and keep it short and warm. | Send it within a week, while the memory is fresh. | name the gift; be warm; be brief; sign it | gift | email
Why do cats purr? | Cats often purr when they feel safe and content. | Sometimes they also purr when they are ill, to calm themselves. | Kittens do it while they drink their milk. | comfort; calm; a greeting; healing | safe | dogs
What are the good sides of train travel? | On a train you can read, sleep or look at the hills. | It takes you right into the middle of the town. | It is also kinder to the climate than flying. | time to read; fine views; comfort; a clean conscience | hills | cars
How can I calm down before an exam? | Breathe in slowly and count to four, then breathe out. | Remember that you have prepared and that one test is not your life. | A short walk before it begins helps as well. | breathe; walk; drink water; think of something nice | four | luck
What do bees do for us? | Bees carry pollen, so that fruit can grow. | They also make honey and wax. | Without them our tables would be much emptier. | pollen; honey; wax; fruit | fruit | sting
How do I plan a picnic? | Choose a shady place and bring a large blanket. | Take food that you can eat with your fingers. | Do not forget a bag for the rubbish. | blanket; sandwiches; fruit; lemonade | blanket | ants
Why should we recycle paper? | Recycled paper saves trees, water and energy. | It also keeps rubbish heaps small. | Old news can become a new book in a few weeks. | fewer felled trees; less rubbish; less water; less energy | trees | plastic
What makes a holiday restful? | A holiday is restful when nobody looks at the clock. | Sleep late, eat slowly and leave your work at home. | A place with water or woods helps most people. | sleep; good food; nature; no work | clock | hotel
How do I choose a good watermelon? | Knock on it and listen for a deep, hollow sound. | It should feel heavy and have a yellow spot on one side. | The skin should be hard and not too shiny. | deep sound; heavy; yellow spot; hard skin | sound | seeds
Why do we need sleep? | During sleep the body repairs itself and the mind sorts memories. | Too little of it makes us slow and moody. | Seven or eight hours are right for most adults. | repair; memory; growth; mood | mind | dreams
How can I make new friends in a new town? | Join a club or a course that meets every week. | Say yes to invitations, even when you are tired. | Your neighbours are glad about a short chat too. | a sports club; a course; neighbours; helping others | club | internet
What is a good hobby for winter? | Knitting is a calm hobby for dark evenings. | It keeps your hands busy and ends in warm socks. | You can do it alone or with friends. | knitting; baking; chess; skiing | calm | sport
How do I take care of my teeth? | Brush them twice a day and use floss at night. | Eat few sweets and drink water after meals. | A dentist should look at them once a year. | brush; floss; fewer sweets; see a dentist | floss | sugar
Why do people like music? | Music moves us because it can say what words cannot. | It makes dull work lighter and parties louder. | An old song can bring back a whole summer. | it comforts; it makes us dance; it wakes memories; it joins people | words | radio
What helps against a sore throat? | Warm tea with honey soothes a sore throat. | Rest your voice and sleep more than usual. | See a doctor if it lasts longer than a week. | warm tea; honey; rest; a scarf | honey | ice
"""

SPOKEN = """
French | Tell me what you like about spring. | Au printemps, les fleurs poussent dans le jardin et les oiseaux chantent le matin.
French | Say what you can buy at a bakery. | Dans une boulangerie, on peut acheter du pain, des gâteaux et des croissants.
French | Describe a cat. | Le chat est un petit animal doux qui aime dormir au soleil et chasser les souris.
French | Wish me a good journey. | Je vous souhaite un très bon voyage et beaucoup de belles rencontres avec les gens.
French | Explain why we need rain. | Nous avons besoin de la pluie parce que les plantes et les animaux ont besoin d'eau.
French | Tell me how to get to the station. | Allez tout droit dans cette rue, puis tournez à gauche et vous êtes devant la gare.
German | Say why you would visit a museum. | In einem Museum kann man viele alte Dinge sehen und etwas über die Geschichte lernen.
German | Describe the weather on a summer day. | Die Sonne scheint, der Himmel ist blau und es ist sehr warm in der Stadt.
German | Tell me what you eat for breakfast. | Ich esse zum Frühstück ein Brot mit Käse und trinke dazu eine Tasse Tee.
German | Invite me to a party. | Ich lade dich am Samstag zu meinem Fest ein, und wir werden zusammen tanzen und essen.
German | Explain what a library is. | Eine Bibliothek ist ein Haus, in dem man viele Bücher lesen und ausleihen kann.
German | Say that you are sorry for being late. | Es tut mir leid, dass ich zu spät komme, aber der Zug ist nicht gefahren.
Spanish | Describe your favourite meal. | Mi comida favorita es la sopa de mi abuela, porque es muy buena y está llena de verduras.
Spanish | Tell me what you do on Sundays. | Los domingos me gusta dormir mucho, leer un libro y comer con la familia.
Spanish | Explain what a dog needs. | Un perro necesita agua, comida, mucho cariño y un paseo por el parque todos los días.
Spanish | Ask me about my holiday. | ¿Cómo fueron tus vacaciones y qué es lo que más te gusta de la playa?
Spanish | Thank somebody for a present. | Muchas gracias por el regalo, me gusta mucho y es muy bonito para la casa.
Spanish | Say why the sea is beautiful. | El mar es hermoso porque el agua es azul y siempre se puede escuchar el sonido de las olas.
English | Warum ist Obst gesund? | Fruit is healthy because it has a lot of vitamins that the body needs.
English | Quel temps fait-il en hiver ? | In winter it is cold, and there is often snow on the roofs of the houses.
English | ¿Qué se puede hacer en un parque? | In a park you can walk, play with your friends and sit in the sun.
English | Was macht ein Gärtner? | A gardener looks after the plants and cuts the trees in the garden.
"""

RECORDS = """
Make up a cat. | name, colour, age | Mimi, grey, 4
Describe a book that you know. | title, author | Heidi, Johanna Spyri
Invent a recipe for a fruit salad. | name, ingredients | Summer salad, apples and grapes
Suggest a film for tonight. | title, year, reason | Paddington, 2014, It is warm and funny.
Give me the facts about Paris. | city, country | Paris, France
Plan a walk for Sunday. | place, start, length | the lake, ten o'clock, five miles
Describe the weather today as you imagine it. | weather, temperature | sunny, 22
Make up a customer of a shop. | first_name, last_name, email | Ada, Bell, ada@shop.example
Suggest a present for my mother. | gift, price | a scarf, 25
Name an animal and where it lives. | animal, home | penguin, the Antarctic
Describe a car. | brand, colour, doors | Fiat, blue, 5
Give me a word and its opposite. | word, opposite | hot, cold
Make up a student. | name, subject, grade | Leo, biology, B
Tell me your favourite meal and drink. | meal, drink | pancakes, apple juice
Invent a small hotel. | name, rooms, town | Blue Door, 12, Bergen
Name a planet and its colour. | planet, colour | Mars, red
Suggest a sport for a beginner. | sport, equipment, reason | swimming, goggles, It is easy on the joints.
Make up a meeting. | topic, day, people | the summer party, Friday, 6
"""
