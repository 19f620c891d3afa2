"""What invented students write in the assignments of the demonstration, and what their tutor answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_TEXTS: Mapping[str, Sequence[str]] = {
    "devoir-script": (
        "Réplique 1 : le conseiller dit « Allô, oui ? ». Il manque l'enseigne, le prénom et la disponibilité.\n\n"
        "Script : « Les Vélos du Canal, Nora à votre écoute, bonjour. » Puis je vérifie deux éléments avant toute "
        "donnée : le nom et le numéro du dépôt.\n\n"
        "Questions : depuis quand attendez-vous ? Qu'est-ce qui presse ? Que vous a-t-on promis ?",
        "Le conseiller donne l'adresse de la cliente sans l'avoir identifiée : c'est éliminatoire. Il coupe la parole, "
        "puis renvoie vers l'atelier sans reformuler.\n\n"
        "Je propose : « Je vous écoute. » puis « Si je comprends bien, vous avez besoin du vélo jeudi, c'est cela ? » "
        "et j'attends son oui.",
        "J'ai lu chaque réplique avec la grille. L'accueil est non conforme, l'identification aussi. La découverte se "
        "fait par trois questions fermées de suite.\n\n"
        "Mon script commence par l'enseigne et le prénom. Il pose une question ouverte, se tait, puis reformule.",
    ),
    "enquete-trois-centres": (
        "Fiche 1, mairie d'une ville voisine : appels entrants, huit agents (établi, rapport d'activité lu en ligne). "
        "Horaires affichés : 8 h 30 à 17 h 30.\n\n"
        "Fiche 2, service client d'un opérateur : appartenance probable à un prestataire, car l'offre d'emploi nomme "
        "un autre employeur.\n\n"
        "Fiche 3, ligne d'une association : dix bénévoles, le soir. La taille a été la rubrique la plus difficile : "
        "personne ne compte de la même façon, en postes, en personnes ou en temps plein.",
        "J'ai choisi un hôpital, une banque et une mutuelle. Pour la banque, le lieu reste inconnu : la page légale "
        "donne le siège, pas le plateau.\n\n"
        "Mon chiffre : « 300 conseillers ». La source est un article, sans date ni unité. Je ne le garderais pas.\n\n"
        "À un responsable, je demanderais : qu'est-ce qui fait un bon mois ? Que mesurez-vous à regret ? "
        "Comment annoncez-vous une attente ?",
    ),
    "dix-offres": (
        "Le salaire est indiqué dans 4 offres sur 10, l'amplitude des horaires dans 6 sur 10, le nom de l'employeur "
        "réel dans 7 sur 10, la durée de formation dans 2 sur 10.\n\n"
        "Le mot « dynamique » revient cinq fois. Dans deux offres, il accompagne une cadence d'appels. En entretien, "
        "je demanderais combien de temps sépare deux appels.\n\n"
        "Je choisirais l'offre de la mutuelle : elle dit le salaire, les samedis et les trois semaines de formation.",
        "Sept offres sur dix parlent de « mission » sans dire si le contrat est court. Trois le sont : elles passent "
        "par l'intérim.\n\n"
        "L'intitulé « conseiller clientèle » couvre de la vente dans quatre cas : le verbe « proposer » arrive avant "
        "« répondre ». Pour la famille technique, il me manque un diplôme ; pour l'encadrement, une expérience.",
    ),
    "devoir-centre": (
        "Première partie : le standard d'une agglomération, douze agents, budget voté chaque année. Le circuit de "
        "l'argent va de l'impôt au service, sans facture à l'appel.\n\n"
        "Seconde partie : 40 × 150 h = 6 000 h payées. 6 000 × 0,70 = 4 200 h de production. À 80 % d'occupation et "
        "6 minutes l'appel, 33 600 appels. Coût : 126 000 €, soit 3,75 € l'appel.\n\n"
        "A rapporte 134 400 €, B 134 400 €, C 135 408 € ou 124 992 €. Je conseille A, avec une clause de qualité.",
        "J'ai présenté le plateau d'un livreur, vu de l'extérieur : je n'écris que ce qu'un visiteur pourrait lire.\n\n"
        "Pour Téléscarpe, j'ai posé les heures de production avant les appels : 4 200 h, puis 33 600 appels. Avec le "
        "robot, il reste 23 520 appels de 8 minutes, donc 3 920 h de production. La formule B pousse à raccourcir "
        "l'appel. J'ai oublié de recalculer le coût par appel dans ce cas.",
    ),
    "recherche-sources": (
        "Question : un casque sans fil fatigue-t-il moins qu'un casque à fil ? Mots voisins : micro-casque, port "
        "prolongé, gêne.\n\n"
        "Quatre recherches, dont une sans résultat : « fatigue casque nuit ». Trois sources : un guide officiel de "
        "prévention, un article de recherche, une fiche de constructeur. J'écarte un blog qui vend le produit.\n\n"
        "Réponse : le poids compte plus que le fil. Aucune aide d'une IA.",
        "Ma question porte sur les pauses pendant le télétravail. J'ai tapé « pause écran », puis « pause visuelle », "
        "puis le nom de l'organisme trouvé dans la première source.\n\n"
        "Deux sources disent la même chose, mais la seconde cite la première : je n'en compte qu'une. J'ai demandé à "
        "une IA des mots voisins, et rien d'autre : je l'indique en fin de page.",
    ),
    "fiche-positionnement": (
        "Mon matériel : un ordinateur prêté par ma sœur, LibreOffice, le dimanche et deux soirs.\n\n"
        "Je me croyais à l'aise avec les données : le test me place un palier en dessous, à cause des tris.\n\n"
        "Deux progrès : trier sans casser les lignes, avant le 15 du mois, preuve à l'appui ; un gestionnaire de mots "
        "de passe, ce week-end. Mon écart : je confondais savoir le faire et l'avoir vu faire.",
        "J'ai un téléphone et l'ordinateur du travail, à la pause. Excel, version inconnue.\n\n"
        "Mon meilleur résultat est en sécurité, ce que je n'attendais pas. Le plus faible est le traitement des "
        "données : je recopie à la main ce qu'une formule ferait. Premier progrès : une somme conditionnelle sur mes "
        "propres dépenses. Second : décrire un fichier avant de le modifier.",
    ),
    "atelier-nettoyage": (
        "Avant : 214 appels. Après : 209. J'ai retiré cinq doublons prouvés par le même numéro d'appel.\n\n"
        "Deux durées restent inconnues : elles sont en remarque, pas à zéro. Les dates écrites au format américain "
        "sont corrigées quand le jour dépasse douze ; les autres restent signalées.\n\n"
        "Proposition : une liste fermée pour le motif, et une heure de fin saisie par le téléphone.",
        "J'ai gardé la feuille brute et travaillé sur une copie. Le journal a vingt-trois lignes.\n\n"
        "La moyenne baisse, car une durée de neuf heures venait d'un poste oublié en communication. Je ne l'ai pas "
        "effacée : la remarque le dit, et la moyenne est donnée avec et sans elle.",
    ),
}
_ANY = (
    "J'ai suivi la consigne dans l'ordre, en notant l'heure à chaque étape. Ce qui m'a manqué : une source datée pour "
    "le deuxième point. Je l'indique plutôt que d'inventer.\n\nMa conclusion tient en une phrase, et je dis ce qui "
    "pourrait la contredire.",
)

COMMENTS = (
    "Travail complet et daté, facile à suivre. Gardez cette façon de dire ce que vous ne savez pas.",
    "L'essentiel y est. Il manque une source au deuxième point : sans elle, le lecteur doit vous croire sur parole.",
    "Vous allez vite à la conclusion. Reprenez la consigne point par point, et posez un calcul ou un exemple à chacun.",
)
"""By the level that the first criterion was given: the best first."""


def texts_for(item_id: str) -> Sequence[str]:
    """What could be handed in for this assignment."""
    return _TEXTS.get(item_id, _ANY)
