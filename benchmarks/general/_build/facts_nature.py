"""Facts of animals, colours, materials, the body, science and the calendar, as in `facts_world`."""

from __future__ import annotations

TOPICS = {
    "animals": """
What is a young cat called? | kitten | kitty
What is a young dog called? | puppy | pup
What is a young cow called? | calf
What is a young sheep called? | lamb
What is a young duck called? | duckling
What is a young frog with a tail called? | tadpole | polliwog | froglet
How many legs does a spider have? | eight | 8
How many legs does an insect have? | six | 6
How many legs does a horse have? | four | 4
Which animal is called the king of the jungle? | lion
What is the largest animal in the world? | blue whale | blue whales
What is the tallest animal in the world? | giraffe | giraffes
What is the fastest animal on land? | cheetah | cheetahs
Which insect makes honey? | bee | bees | honeybee | honeybees
Which large grey animal has a trunk? | elephant | elephants
Which Australian animal hops and carries its young in a pouch? | kangaroo | kangaroos | wallaby
Which black and white bear lives in China? | panda | giant panda | pandas
What do cows eat in a field? | grass | grasses | hay | clover
What does a caterpillar turn into? | butterfly | moth | chrysalis | pupa
What is a group of wolves called? | pack
What is a group of lions called? | pride
What sound does a cat make? | meow | meows | meowing | miaow | purr | purring | mew
What sound does a dog make? | bark | barks | barking | woof
What sound does a cow make? | moo | moos | mooing
What is the largest bird in the world? | ostrich
Which black and white bird swims well, cannot fly and lives in Antarctica? | penguin | penguins
What covers the body of a bird? | feathers | feather | plumage
What covers the body of most fish? | scales
With what do fish breathe? | gills | gill
What is the home that a bird builds called? | nest
Which animal spins webs? | spider | spiders
What type of animal is a snake? | reptile | reptiles
Which animal gives us wool? | sheep | lamb | alpaca | llama | goat
Which animal has a very long neck and lives in Africa? | giraffe | giraffes | ostrich
Which animal is a donkey's striped relative in Africa? | zebra | zebras
""",
    "colours": """
What colour is milk? | white
What colour is fresh grass? | green
What colour is coal? | black
What colour is fresh snow? | white
What colour is a ripe banana? | yellow
What colour is human blood? | red
What colour is the sky on a clear day? | blue
What colour is a ripe tomato? | red
What colour is a ripe lemon? | yellow
What colour is a carrot, most often? | orange
What colour is a stop sign? | red
What colour is a polar bear? | white
What colour is a crow? | black
What colour is a flamingo? | pink
What colour is an emerald? | green
What colour is a ruby? | red
What colour is table salt? | white
What colour is a pumpkin, most often? | orange
What colour is an elephant? | grey | gray
What colour are the leaves of most trees in summer? | green
Which traffic light tells drivers to go? | green
What colour do you get when you mix blue and yellow paint? | green
What colour do you get when you mix red and yellow paint? | orange
What colour do you get when you mix black and white paint? | grey | gray
""",
    "materials": """
What are window panes made of? | glass
What is paper made from? | wood | tree | trees | pulp | cellulose | wood pulp
What are car tyres made of? | rubber
What are candles made of? | wax | beeswax | paraffin
What is butter made from? | milk | cream
What is ice made of? | water
What are most coins made of? | metal | metals | copper | nickel | zinc | steel
What are bricks made of? | clay | concrete | shale | mud
What are jeans made of? | denim | cotton
Which insect do we get silk from? | silkworm | silkworms | silk worm | moth
What is flour made from? | wheat | grain | grains | cereal | rye | corn
Which metal is a wedding ring often made of? | gold | silver | platinum
Which metal is liquid at room temperature? | mercury
What is the hardest natural material? | diamond | diamonds
What is leather made from? | skin | skins | hide | hides | animal skin
""",
    "body": """
Which organ pumps blood through the body? | heart
Which organ do we think with? | brain
Which organs do we breathe with? | lungs | lung
With which part of the body do we see? | eyes | eye
With which part of the body do we hear? | ears | ear
With which part of the body do we smell? | nose | nostrils
With which part of the mouth do we taste? | tongue | taste buds
How many fingers, thumb included, are on one hand? | five | 5
How many toes do most people have? | ten | 10
Which joint is in the middle of the leg? | knee
Which joint is in the middle of the arm? | elbow
What is the largest organ of the human body? | skin
How many bones does an adult human have? | 206
Which bone protects the brain? | skull | cranium
What do we chew food with? | teeth | tooth | molars
Which organs filter the blood and make urine? | kidneys | kidney
On which part of the body do you wear a hat? | head
On which part of the body do you wear gloves? | hand | hands
Which part of the body does a dentist look after? | teeth | tooth | mouth | gums
What are the tubes that carry blood away from the heart called? | arteries | artery | aorta
""",
    "science": """
Which gas do humans need to breathe? | oxygen
Which gas do plants take in from the air? | carbon dioxide | CO2
What is the chemical formula of water? | H2O
At how many degrees Celsius does water freeze? | 0 | zero
At how many degrees Celsius does water boil at sea level? | 100 | hundred
Which planet do we live on? | Earth
Which planet is closest to the sun? | Mercury
What is the largest planet of the solar system? | Jupiter
Which planet is famous for its bright rings? | Saturn
Which planet is called the red planet? | Mars
Which star is at the centre of the solar system? | sun
What goes round the Earth and shines at night? | moon
What is frozen water called? | ice
What is water called when it is a gas? | steam | vapor | vapour
Which force pulls things to the ground? | gravity | gravitational
Who is famous for the theory of relativity? | Einstein
What is the chemical symbol of gold? | Au
What is the chemical symbol of oxygen? | O | O2
Which instrument measures temperature? | thermometer | thermometers
Which instrument do you use to look at stars? | telescope | telescopes
Which instrument makes tiny things look large? | microscope | microscopes | magnifying glass
By which process do plants make food from sunlight? | photosynthesis
How many planets does the solar system have? | eight | 8
What is the centre of an atom called? | nucleus
Which particle in an atom has a negative charge? | electron | electrons
What is the study of living things called? | biology
What shape does the Earth have? | sphere | spherical | round | globe | ball | ellipsoid | spheroid
Which instrument has a needle that points north? | compass | magnetic compass
What falls from the clouds on a wet day? | rain | raindrops | water | precipitation
What causes the tides of the sea? | moon | gravity | gravitational
""",
    "calendar": """
How many days are in a week? | seven | 7
How many months are in a year? | twelve | 12
How many days does a year have that is not a leap year? | 365
How many hours are in a day? | 24 | twenty-four
How many minutes are in an hour? | 60 | sixty
How many seconds are in a minute? | 60 | sixty
Which month is the shortest? | February
Which month is the first of the year? | January
Which month is the last of the year? | December
Which day comes after Monday? | Tuesday
Which day comes before Sunday? | Saturday
Which month comes after June? | July
Which month comes after March? | April
Which season comes after winter? | spring
Which is the coldest season of the year? | winter
In which season do many trees lose their leaves? | autumn | fall
How many years are in a century? | 100 | hundred
How many years are in a decade? | ten | 10
How many weeks are in a year? | 52 | fifty-two
In which month is Christmas Day? | December
In which month is Halloween? | October
How many days does January have? | 31 | thirty-one
""",
}
