"""Reviews and messages by the feeling that they show, one a line."""

from __future__ import annotations

OPINIONS = {
    "positive": """
The soup was wonderful and the waiter was very friendly.
I love this phone, the battery lasts for two days.
What a great film! I laughed from start to finish.
The hotel room was clean, quiet and had a beautiful view.
Thank you so much for your quick help yesterday.
This is the best coffee I have had in years.
Our guide was funny and knew everything about the old town.
The shoes fit perfectly and look even better than in the picture.
My daughter adores her new bike and rides it every day.
The book was so good that I read it in one night.
Excellent service, and the parcel came a day early.
I am really happy with my new kitchen.
The concert was amazing, we danced all evening.
A lovely little cafe with fantastic cakes.
The teacher explains everything clearly and with great patience.
We had a perfect holiday and will certainly come back.
The jacket is warm, light and worth every cent.
Great news! I got the job!
The pizza was delicious and the price was fair.
I am so proud of you, well done!
The app is easy to use and saves me a lot of time.
The staff were kind and helped us with our bags.
This vacuum cleaner is brilliant, it even picks up cat hair.
The garden looks gorgeous after all your work.
I really enjoyed the talk, it was clear and inspiring.
The dentist was gentle and I felt no pain at all.
These headphones sound fantastic.
What a beautiful song, I could listen to it all day.
The mattress is so comfortable that I sleep like a baby.
Everyone at the party had a wonderful time.
My new laptop is fast and completely silent.
The repair was quick, cheap and perfectly done.
The children loved the puppet show.
The bread from this bakery is simply excellent.
I am delighted with the colour of the walls.
It was a pleasure to work with your team.
The view from the tower is breathtaking.
The game is exciting and great fun for the whole family.
I would recommend this doctor to anybody.
The train was on time, clean and comfortable.
Your cake was the star of the evening, thank you!
The museum is fascinating, we stayed for five hours.
I am very pleased with the new windows, the house is warm at last.
The dress is gorgeous and the fabric feels lovely.
The ending of the novel is brilliant.
The lake was crystal clear and swimming there was heavenly.
Our new neighbours are friendly and helpful.
The support team solved my problem in five minutes, great job!
I had a fantastic birthday thanks to all of you.
This pan is superb, nothing sticks to it.
The puppy is healthy, playful and a joy to have around.
The course was excellent and I learned a great deal.
The actors were outstanding and the music was magical.
Breakfast was fresh, tasty and generous.
I have never had a better haircut, I love it.
The camera takes beautiful pictures even at night.
We were welcomed with a smile and a glass of lemonade, how nice!
The walk through the forest did me so much good.
The new bus line is a great improvement for our village.
What a relief, the tests came back and everything is fine!
The chair is sturdy, pretty and very comfortable.
""",
    "negative": """
The soup was cold and the waiter was rude.
I hate this phone, the battery dies after two hours.
What a boring film, I nearly fell asleep.
The hotel room was dirty and smelled of smoke.
I am still waiting for an answer, this is terrible service.
This is the worst coffee I have ever had.
Our guide was late, bored and knew nothing about the town.
The shoes fell apart after one week.
My son was very disappointed, the toy broke on the first day.
The book was dull and I gave up after fifty pages.
Awful service, and the parcel arrived damaged.
I am really unhappy with my new kitchen.
The concert was a disaster, we could hear nothing.
An ugly cafe with dry cakes and dirty tables.
The teacher shouts at the children and explains nothing.
Our holiday was ruined by noise and bad food.
The jacket is thin, badly made and a waste of money.
Sad news, I lost my job today.
The pizza was burnt and far too expensive.
I am very angry about what you said.
The app is slow, confusing and crashes all the time.
The staff were unfriendly and ignored us.
This vacuum cleaner is useless, it leaves half the dirt behind.
The garden looks terrible since the storm.
The talk was a waste of time.
The dentist was rough and it hurt a lot.
These headphones sound horrible.
What an annoying song, please turn it off.
The mattress is so hard that my back hurts every morning.
The party was awful and everyone left early.
My new laptop is slow and as loud as a truck.
The repair was expensive and did not work at all.
The children were bored by the puppet show and wanted to go home.
The bread from this bakery is stale and tasteless.
I am disappointed with the colour of the walls, it looks dirty.
Working with your team was a nightmare.
The view was spoiled by a huge pile of rubbish.
The game is dull and full of annoying mistakes.
I would never go to this doctor again.
The train was late, dirty and overcrowded.
Your cake made everybody sick.
The museum is boring and far too expensive.
The new windows are a failure, cold air still comes in.
The dress is ugly and the fabric itches.
The ending of the novel is stupid and made me angry.
The lake was full of rubbish and it stank.
Our new neighbours are noisy and rude.
The support team kept me waiting for an hour and did not help.
It was the saddest birthday of my life.
This pan is terrible, everything sticks to it.
The kitten is ill and we are all very worried.
The course was badly planned and I learned nothing.
The actors were weak and the music was painful to hear.
Breakfast was stale bread and sour milk.
I hate my new haircut, it looks ridiculous.
The camera is a disappointment, all my pictures are blurred.
Nobody greeted us, and the clerk was rude. How unpleasant!
The walk was miserable, with rain and mud all the way.
The new bus line is a failure, it is always late.
I feel terrible, I failed the exam again.
The chair is wobbly, ugly and uncomfortable.
""",
    "neutral": """
The shop opens at nine and closes at six.
The parcel contains two books and a letter.
The meeting takes place in room twelve on Tuesday.
The hotel has eighty rooms on four floors.
The phone comes in black and in white.
The film lasts one hour and forty minutes.
The bus to the station leaves every twenty minutes.
The jacket is made of cotton.
Please send the form to the office in Green Street.
The museum is next to the town hall.
The course has ten lessons of one hour each.
The restaurant serves lunch from twelve to two.
The table is one metre wide.
I am writing to ask for your new address.
The library has moved to Station Road.
The train stops in Bristol and in Bath.
The box is twenty centimetres long.
The laptop has two ports on the left side.
The concert begins at eight in the evening.
There is a car park behind the building.
The menu lists five soups and eight main dishes.
The report has thirty pages.
The new manager starts on the first of May.
The paint is sold in tins of one and five litres.
The file is in the second drawer.
The book was printed in 1998.
The school has four hundred pupils.
The invoice is attached to this mail.
The flat is on the third floor.
The tour starts at the fountain.
The ticket is valid for one day.
The chairs were delivered on Monday.
The river flows through the town from north to south.
The recipe needs two eggs and a cup of flour.
The bag weighs three kilos.
My appointment is on Thursday at ten.
The lamp uses a standard bulb.
The choir meets on Wednesday evening.
The door code has four digits.
The walls of the room are painted grey.
The novel has twelve chapters.
The cafe is on the corner of Mill Lane.
The next election is in autumn.
The camera is sold with a strap and a charger.
The garden lies behind the house.
The letter arrived this morning.
The bakery is closed on Mondays.
The road leads from the village to the lake.
The game is for two to four players.
The printer is in the hall beside the stairs.
The form must be signed on page three.
The office is on the second floor of the building.
The shirt is available in three sizes.
The ferry takes cars and bicycles.
The talk is about birds of the coast.
The dog is four years old and weighs nine kilos.
The bridge was built in 1932.
The path goes round the hill.
The package includes a cable and a manual.
The pool is twenty-five metres long.
The number of the room is on the key.
""",
}
