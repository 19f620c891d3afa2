"""The tables' declarations, in the words of « Vos données »: each declared phrase has its French sentence."""

from __future__ import annotations

TITLES = {
    "person": "Votre compte",
    "enrolment": "Votre inscription",
    "tutoring": "Les groupes suivis par un tuteur",
    "accommodation": "L’aménagement accordé",
    "item_dates": "Les dates déplacées pour vous",
    "sign_in_session": "Les appareils connectés",
    "sign_in_link": "Les liens d’invitation et de mot de passe",
    "sign_in_try": "Les essais de connexion",
    "item_progress": "Votre avancée",
    "check_try": "Vos réponses aux questions des leçons",
    "presence": "Votre temps de connexion",
    "attempt": "Vos essais de quiz",
    "answer_event": "L’historique de vos réponses",
    "answer": "Vos réponses",
    "attempt_marks": "Vos points et leur historique",
    "answer_file": "Les fichiers et enregistrements rendus",
    "copy": "Vos copies à corriger",
    "marking": "Le travail des correcteurs sur vos copies",
    "marking_event": "L’historique des corrections",
    "released_mark": "Les notes et commentaires rendus",
    "review_request": "Vos demandes de réexamen",
    "phrase": "La banque de phrases d’un tuteur",
    "upload": "Les envois de fichiers",
    "sound": "L’écoute de vos enregistrements",
    "spoken_comment": "Les commentaires parlés sur vos copies",
    "document": "La lecture de vos PDF, page par page",
    "message_thread": "Vos questions au tuteur",
    "message": "Les messages échangés avec un tuteur",
    "message_draft": "Vos messages en cours d’écriture",
    "message_digest": "Votre choix sur les e-mails",
    "message_reading": "Ce que vous avez lu des échanges",
    "message_holder": "Le tuteur à qui une question est confiée",
    "remarking_aside": "Vos essais regardés à la main",
    "audit_event": "Le journal des actes",
    "outbox_message": "Les messages à envoyer",
    "receipt": "Vos reçus de remise",
    "flag_aside": "Les points que votre tuteur reverra plus tard",
    "contact": "Les contacts pris avec vous",
}

FRENCH = {
    "to look again at a student on a later day": "revenir vers vous à une autre date",
    "to know who got in touch with a student, when and about what": (
        "savoir qui vous a contacté, quand et à quel sujet"
    ),
    "to know who studies, teaches and administers": "savoir qui étudie, enseigne et administre",
    "to open the programme to a student, and to date it": "vous ouvrir le programme et en fixer les dates",
    "to show a tutor the students followed, and no other": "montrer à un tuteur les étudiants suivis, et eux seuls",
    "to compute the time a person has; the effect only, never its reason": (
        "calculer votre temps d’épreuve ; l’effet seul est gardé, jamais sa raison"
    ),
    "to know until when an item may be handed in": "savoir jusqu’à quand une activité peut être rendue",
    "to keep a person signed in, and to let them end it everywhere": (
        "vous garder connecté, et vous laisser déconnecter tous vos appareils"
    ),
    "to let a person choose a password": "vous laisser choisir un mot de passe",
    "to slow down whoever guesses passwords": "ralentir qui cherche à deviner un mot de passe",
    "to show a student where they stand and to credit hours": "vous montrer où vous en êtes et compter vos heures",
    "to show what was answered in a lesson": "vous montrer ce que vous avez répondu dans une leçon",
    "evidence of attendance that funders of distance training ask for": (
        "prouver l’assiduité, comme le demandent les financeurs de la formation à distance"
    ),
    "to keep a student's work and mark it": "garder votre travail et le noter",
    "proof that no answer was lost": "prouver qu’aucune réponse n’a été perdue",
    "the answer that is marked": "noter votre réponse",
    "to have a student's work marked in time": "faire corriger votre travail dans les délais",
    "the marker's draft and its reasons": "garder le brouillon de correction et ses raisons",
    "proof that no mark was lost or overwritten": "prouver qu’aucune correction n’est perdue ni écrasée",
    "the mark and the comment given back, and their history": (
        "vous rendre la note et le commentaire, avec leur historique"
    ),
    "to have a mark looked at again": "faire réexaminer une note",
    "to help a tutor comment faster": "aider un tuteur à commenter plus vite",
    "to bring a student's question to a tutor, and prove the delay of the answer": (
        "porter votre question à un tuteur, et prouver le délai de la réponse"
    ),
    "what students and tutors wrote to each other": "garder ce que vous vous êtes écrit, votre tuteur et vous",
    "to lose nothing of a message being written": "ne rien perdre d’un message en cours d’écriture",
    "to send no mail twice, nor to who wants none": ("ne pas envoyer deux fois le même e-mail, ni à qui n’en veut pas"),
    "to say what is unread, and mail nothing that was read": (
        "dire ce qui n’est pas lu, et ne rien annoncer par e-mail de ce qui l’est"
    ),
    "to know which tutor answers a question": "savoir quel tuteur répond à une question",
    "to say which attempts were looked at by hand, and why they stay as they are": (
        "dire quels essais ont été regardés à la main, et pourquoi ils restent tels quels"
    ),
    "the marks and their history": "garder la note et son historique",
    "files and voice recordings handed in": "garder les fichiers et les enregistrements rendus",
    "to resume a file that was cut, and to prove when it was begun": (
        "reprendre un envoi coupé, et prouver quand il a commencé"
    ),
    "to play a recording on every device, and to draw it": (
        "faire entendre un enregistrement sur tout appareil, et le dessiner"
    ),
    "to answer « who did what, when »": "pouvoir dire qui a fait quoi, et quand",
    "to send mail once, even after a crash": "envoyer chaque message, même après une panne",
    "proof that something was handed in": "prouver qu’un travail a été rendu",
    "while enrolled, then as the diploma's records require": (
        "pendant l’inscription, puis selon les règles d’archives du diplôme"
    ),
    "as the diploma's records require": "selon les règles d’archives du diplôme",
    "as long as the cohort": "aussi longtemps que la promotion",
    "as long as the attempt": "aussi longtemps que l’essai",
    "as long as the attempt; recordings six months after it": (
        "aussi longtemps que l’essai ; un enregistrement de voix, six mois après lui"
    ),
    "as long as the attempt; seven days when it stays unfinished": (
        "aussi longtemps que l’essai ; sept jours s’il reste inachevé"
    ),
    "as its recording": "comme son enregistrement",
    "to read a PDF handed in page by page": "lire page par page un PDF que vous avez rendu",
    "as its file": "comme son fichier",
    "with its file": "effacé avec son fichier",
    "with its recording": "effacé avec son enregistrement",
    "to let a marker comment a copy aloud": "commenter une copie de vive voix",
    "six months after its release or the last save of the draft; thirty days when it was set aside": (
        "six mois après le rendu de la note, ou après le dernier enregistrement du brouillon ; trente jours s’il est "
        "mis de côté"
    ),
    "deleted with the account of its marker or of its student": "effacé avec le compte du correcteur ou de l’étudiant",
    "as long as the records it explains": "aussi longtemps que les actes qu’il explique",
    "as the funding file requires": "selon les règles du dossier de financement",
    "while enrolled": "pendant l’inscription",
    "24 hours": "24 heures",
    "30 days": "30 jours",
    "30 days after it ends": "30 jours après la fin",
    "30 days after its end": "30 jours après la fin",
    "with the account": "effacé avec le compte",
    "replaced by a pseudonym; legal records stay": (
        "remplacé par un pseudonyme ; ce que la loi impose de garder reste"
    ),
    "kept under the pseudonym": "gardé sous le pseudonyme",
    "kept: it names nobody": "gardé : il ne nomme personne",
    "deleted with the account unless part of a legal record": (
        "effacé avec le compte, sauf pièce que la loi impose de garder"
    ),
}
