"""Simple English sentences beside the same in French: `English | or so = French | or so`, best form first."""

from __future__ import annotations

SENTENCES = """
The restaurant is closed today. = Le restaurant est fermé aujourd'hui. | Aujourd'hui, le restaurant est fermé.
The music is too loud. = La musique est trop forte.
My name is Paul. | I am Paul. = Je m'appelle Paul. | Mon nom est Paul.
The train arrives at the station. | The train is arriving at the station.
    = Le train arrive à la gare. | Le train arrive en gare.
The hotel is in the centre of Paris. | The hotel is in the center of Paris.
    = L'hôtel est au centre de Paris. | L'hôtel est dans le centre de Paris.
The animal is very intelligent. | The animal is very smart. = L'animal est très intelligent.
I love music. | I like music. = J'aime la musique. | J'adore la musique.
The family is visiting the museum. | The family visits the museum. = La famille visite le musée.
The table is large. | The table is big. = La table est grande.
An orange is a fruit. | The orange is a fruit. = L'orange est un fruit. | Une orange est un fruit.
The president lives in the capital.
    = Le président habite dans la capitale. | Le président vit dans la capitale.
It is a long film. | It is a long movie. = C'est un long film. | C'est un film long.
The university is in London. = L'université est à Londres. | L'université se trouve à Londres.
The garden is beautiful. = Le jardin est beau. | Le jardin est magnifique.
The cat is small. | The cat is little. = Le chat est petit.
The lion is a dangerous animal. = Le lion est un animal dangereux.
The doctor is in the hospital. | The doctor is at the hospital.
    = Le docteur est à l'hôpital. | Le médecin est à l'hôpital.
My brother lives in Paris. = Mon frère habite à Paris. | Mon frère vit à Paris.
My sister is a student. = Ma sœur est étudiante. | Ma sœur est une étudiante.
I have two sisters. = J'ai deux sœurs.
We have three children. = Nous avons trois enfants. | On a trois enfants.
She is reading a book. | She reads a book. = Elle lit un livre.
He is eating an apple. | He eats an apple. = Il mange une pomme.
They are playing in the garden. | They play in the garden.
    = Ils jouent dans le jardin. | Elles jouent dans le jardin.
The children are at school. = Les enfants sont à l'école.
The red car is very fast. = La voiture rouge est très rapide.
The house is white. = La maison est blanche.
The sky is blue. = Le ciel est bleu.
The coffee is hot. = Le café est chaud.
The water is cold. = L'eau est froide.
I would like a coffee, please. = Je voudrais un café, s'il vous plaît. | J'aimerais un café, s'il vous plaît.
I am drinking a glass of water. | I drink a glass of water. = Je bois un verre d'eau.
Where is the station? | Where is the train station? = Où est la gare ? | Où se trouve la gare ?
Where is the bank? = Où est la banque ? | Où se trouve la banque ?
What is your name? = Comment t'appelles-tu ? | Comment vous appelez-vous ? | Quel est votre nom ?
How old are you? = Quel âge as-tu ? | Quel âge avez-vous ?
Good morning, madam. | Hello, madam. | Good day, madam. = Bonjour, madame.
Thank you very much, sir. | Thanks a lot, sir. = Merci beaucoup, monsieur.
Good night, my friend. = Bonne nuit, mon ami. | Bonne nuit, mon amie.
See you tomorrow. = À demain. | On se voit demain.
I speak English and French. = Je parle anglais et français. | Je parle l'anglais et le français.
Do you speak English? = Parlez-vous anglais ? | Tu parles anglais ? | Parles-tu anglais ?
I do not understand the question. | I don't understand the question. = Je ne comprends pas la question.
The answer is correct. | The answer is right. = La réponse est correcte. | La réponse est juste.
The problem is simple. | The problem is easy. = Le problème est simple.
The exam is difficult. | The test is difficult. = L'examen est difficile.
Paris is the capital of France. = Paris est la capitale de la France.
Berlin is a large city. | Berlin is a big city. = Berlin est une grande ville.
The river is very long. = La rivière est très longue. | Le fleuve est très long.
The mountain is high. = La montagne est haute.
The sun is a star. = Le soleil est une étoile.
The moon is beautiful tonight. = La lune est belle ce soir. | La lune est belle cette nuit.
It is cold in winter. = Il fait froid en hiver. | En hiver, il fait froid.
It is raining today. | It rains today. = Il pleut aujourd'hui. | Aujourd'hui, il pleut.
The summer is hot in Spain. | Summer is hot in Spain.
    = L'été est chaud en Espagne. | Il fait chaud en été en Espagne.
We are going to the beach tomorrow. = Nous allons à la plage demain. | Demain, nous allons à la plage.
I am going to the market. | I go to the market. = Je vais au marché.
My parents are on holiday in Italy. | My parents are on vacation in Italy.
    = Mes parents sont en vacances en Italie.
The plane leaves at six o'clock. | The plane leaves at six. = L'avion part à six heures.
The museum opens at nine o'clock. | The museum opens at nine. = Le musée ouvre à neuf heures.
The shop is open on Sunday. | The shop is open on Sundays. | The store is open on Sundays.
    = Le magasin est ouvert le dimanche. | Le magasin est ouvert dimanche.
The ticket costs ten euros. = Le billet coûte dix euros. | Le ticket coûte dix euros.
The book is on the table. = Le livre est sur la table.
The dog is under the table. = Le chien est sous la table.
The cat is sleeping on the chair. | The cat sleeps on the chair. = Le chat dort sur la chaise.
The key is in my pocket. = La clé est dans ma poche. | La clef est dans ma poche.
The door is open. = La porte est ouverte.
The window is closed. = La fenêtre est fermée.
The telephone is on the desk. | The phone is on the desk. = Le téléphone est sur le bureau.
The radio is new. = La radio est neuve. | La radio est nouvelle.
The computer is old. = L'ordinateur est vieux. | L'ordinateur est ancien.
The guitar is an instrument. = La guitare est un instrument.
She plays the piano very well. = Elle joue très bien du piano.
He plays tennis on Saturday. | He plays tennis on Saturdays.
    = Il joue au tennis le samedi. | Il joue au tennis samedi.
Football is a popular sport. | Soccer is a popular sport. = Le football est un sport populaire.
The team is very strong. = L'équipe est très forte.
The artist is famous. = L'artiste est célèbre. | L'artiste est connu.
The actor is a rich man. = L'acteur est un homme riche.
The princess lives in a castle. = La princesse habite dans un château. | La princesse vit dans un château.
The king has a palace. = Le roi a un palais. | Le roi possède un palais.
The soldier is very brave. = Le soldat est très courageux.
The police are here. | The police is here. = La police est ici. | La police est là.
The accident is serious. = L'accident est grave. | L'accident est sérieux.
The government is new. = Le gouvernement est nouveau.
The government is changing the law. | The government changes the law.
    = Le gouvernement change la loi. | Le gouvernement modifie la loi.
Education is important for children. = L'éducation est importante pour les enfants.
The history of Europe is interesting. = L'histoire de l'Europe est intéressante.
The planet is in danger. = La planète est en danger.
Nature is very important. = La nature est très importante.
The forest is dark. = La forêt est sombre. | La forêt est obscure.
The elephant is an enormous animal. | The elephant is a huge animal.
    = L'éléphant est un animal énorme. | L'éléphant est un énorme animal.
The tiger is in the zoo. | The tiger is at the zoo. = Le tigre est au zoo. | Le tigre est dans le zoo.
The banana is yellow. = La banane est jaune.
The tomatoes are red. = Les tomates sont rouges.
The salad is fresh. = La salade est fraîche.
The soup is delicious. = La soupe est délicieuse.
I am eating a salad with tomatoes. | I eat a salad with tomatoes.
    = Je mange une salade avec des tomates. | Je mange une salade de tomates.
The chocolate is excellent. = Le chocolat est excellent.
The dessert is very good. = Le dessert est très bon.
I do not eat meat. | I don't eat meat. = Je ne mange pas de viande.
The bread is on the table. = Le pain est sur la table.
The menu is in French. = Le menu est en français. | La carte est en français.
I am very happy. = Je suis très heureux. | Je suis très heureuse. | Je suis très content.
She is tired today. = Elle est fatiguée aujourd'hui. | Aujourd'hui, elle est fatiguée.
He is very nervous. = Il est très nerveux.
You are very kind. = Vous êtes très gentil. | Tu es très gentil. | Vous êtes très aimable.
The baby is calm. = Le bébé est calme.
My grandmother is ill. | My grandmother is sick. = Ma grand-mère est malade.
My father works in a bank. = Mon père travaille dans une banque.
My mother is a doctor. = Ma mère est médecin. | Ma mère est docteur.
Her husband is American. = Son mari est américain.
Their house is very modern. = Leur maison est très moderne.
Our teacher is patient. | Our professor is patient.
    = Notre professeur est patient. | Notre professeur est patiente.
The lesson begins at eight o'clock. | The lesson starts at eight o'clock.
    = La leçon commence à huit heures. | Le cours commence à huit heures.
I am writing a letter to my friend. | I write a letter to my friend.
    = J'écris une lettre à mon ami. | J'écris une lettre à mon amie.
The letter is for Marie. = La lettre est pour Marie.
I have a question for you. = J'ai une question pour vous. | J'ai une question pour toi.
I have an idea. = J'ai une idée.
It is a good idea. | That is a good idea. = C'est une bonne idée.
It is impossible. | That is impossible. = C'est impossible.
The situation is complicated. = La situation est compliquée.
The solution is very simple. = La solution est très simple.
The decision is difficult. = La décision est difficile.
The project is very important. = Le projet est très important.
The visit is free. = La visite est gratuite.
The concert is on Friday. = Le concert est vendredi. | Le concert a lieu vendredi.
The theatre is near the hotel. | The theater is near the hotel.
    = Le théâtre est près de l'hôtel. | Le théâtre est à côté de l'hôtel.
The cinema is on the left. | The movie theater is on the left.
    = Le cinéma est à gauche. | Le cinéma est sur la gauche.
The post office is on the right. = La poste est à droite. | Le bureau de poste est à droite.
The church is very old. = L'église est très vieille. | L'église est très ancienne.
The bridge is closed. = Le pont est fermé.
The street is quiet. | The street is calm. = La rue est calme. | La rue est tranquille.
The village is small and pretty. = Le village est petit et joli.
The city has a large port. | The city has a big port.
    = La ville a un grand port. | La ville possède un grand port.
The boat is on the lake. = Le bateau est sur le lac.
The island is far away. | The island is far. = L'île est loin. | L'île est lointaine.
The bus is late. = Le bus est en retard. | L'autobus est en retard.
I am taking the bus to work. | I take the bus to work. | I take the bus to go to work.
    = Je prends le bus pour aller au travail. | Je vais au travail en bus.
We travel by train. | We are travelling by train. = Nous voyageons en train. | On voyage en train.
The journey is long. | The trip is long. = Le voyage est long. | Le trajet est long.
My passport is in the bag. = Mon passeport est dans le sac.
The taxi is in front of the hotel. = Le taxi est devant l'hôtel.
The room has two windows. | The bedroom has two windows.
    = La chambre a deux fenêtres. | La pièce a deux fenêtres.
The bed is comfortable. = Le lit est confortable.
The kitchen is clean. = La cuisine est propre.
My shirt is green. = Ma chemise est verte.
The dress is elegant. = La robe est élégante.
The shoes are black. = Les chaussures sont noires.
The colour of the car is blue. | The color of the car is blue.
    = La couleur de la voiture est bleue. | La voiture est de couleur bleue.
Today is Monday. = Aujourd'hui, c'est lundi. | Nous sommes lundi aujourd'hui. | C'est lundi aujourd'hui.
My birthday is in July. = Mon anniversaire est en juillet.
It is eight o'clock. | It is eight. = Il est huit heures.
There are seven days in a week. = Il y a sept jours dans une semaine. | Une semaine a sept jours.
The year has twelve months. | The year has 12 months. = L'année a douze mois. | L'année compte douze mois.
The number is exact. | The number is correct. = Le nombre est exact. | Le chiffre est exact.
I have a cat and a dog. = J'ai un chat et un chien.
The birds are singing in the tree. | The birds sing in the tree. = Les oiseaux chantent dans l'arbre.
The horse is in the field. = Le cheval est dans le champ. | Le cheval est dans le pré.
The flowers are in the vase. = Les fleurs sont dans le vase.
The rose is a flower. | A rose is a flower. = La rose est une fleur. | Une rose est une fleur.
I like the colour red. | I like the color red. = J'aime la couleur rouge. | J'aime le rouge.
She is looking at the photo. | She looks at the photo.
    = Elle regarde la photo. | Elle regarde la photographie.
He is listening to the radio. | He listens to the radio. = Il écoute la radio.
We are watching a film. | We are watching a movie. | We watch a film.
    = Nous regardons un film. | On regarde un film.
You have a beautiful voice. = Vous avez une belle voix. | Tu as une belle voix.
I do not have time. | I don't have time. = Je n'ai pas le temps.
He does not have a car. | He doesn't have a car. = Il n'a pas de voiture.
I work in an office. = Je travaille dans un bureau.
The director is absent today. = Le directeur est absent aujourd'hui. | La directrice est absente aujourd'hui.
The client is satisfied. | The customer is satisfied. = Le client est satisfait. | La cliente est satisfaite.
The price is reasonable. = Le prix est raisonnable.
The service is excellent. = Le service est excellent.
The restaurant serves Italian pizza.
    = Le restaurant sert de la pizza italienne. | Le restaurant sert des pizzas italiennes.
The secret is in the box. = Le secret est dans la boîte.
The message is very short. = Le message est très court.
The page is blank. | The page is white. = La page est blanche. | La page est vierge.
The poem is very beautiful. = Le poème est très beau.
The dictionary is on the table. = Le dictionnaire est sur la table.
Science is interesting. = La science est intéressante. | Les sciences sont intéressantes.
The experiment is dangerous. | The experience is dangerous. = L'expérience est dangereuse.
Silence is golden. | Silence is gold. = Le silence est d'or.
Life is beautiful. = La vie est belle.
Love is blind. = L'amour est aveugle.
The wine is French. = Le vin est français.
The tourists are visiting the cathedral. | The tourists visit the cathedral.
    = Les touristes visitent la cathédrale.
The weather is nice today. | The weather is good today. | It is nice today.
    = Il fait beau aujourd'hui. | Aujourd'hui, il fait beau.
"""
