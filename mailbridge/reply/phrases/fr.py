"""French."""

from __future__ import annotations

from mailbridge.reply.phrases.model import Phrases

FR = Phrases(
    code="fr",
    attribution=(
        "Le {when} {who} a écrit",
        "Le {when} {who} a ecrit",
        "Le {when} {who} écrit",
        "Le {when} {who} écrivait",
        "Le {when} {who} a envoyé",
        "Le {when} vous avez écrit",
        "Le {when} vous écriviez",
        "{when} {who} a écrit",
        "{who} a écrit le {when}",
        "{who} a écrit",
        "{who} wrote le {when}",
        "En réponse à {who} le {when}",
        "{who} écrivait",
    ),
    sender=("de", "expéditeur", "envoyé par", "exp", "de la part de"),
    date=("envoyé", "date", "envoyé le", "date d'envoi", "envoye", "message du", "reçu le", "daté"),
    to=("à", "a", "destinataire", "pour", "destinataires"),
    cc=("cc", "copie à", "copie", "cci", "cc à"),
    subject=("objet", "sujet"),
    original=(
        "message d'origine", "message original", "message d’origine", "courriel original", "mail original",
        "e-mail d'origine", "message initial", "e-mail d’origine", "rendez-vous d'origine",
    ),
    forwarded=(
        "message transféré", "début du message transféré", "message transmis", "courriel transféré",
        "message réexpédié", "début du message réexpédié", "e-mail transféré", "mail transféré", "transféré par",
        "message suivi", "transfered message",
    ),
    mobile=(
        "envoyé de mon {thing}",
        "envoyé depuis mon {thing}",
        "envoyé à partir de {thing}",
        "envoyé à partir d'{thing}",
        "envoyé depuis {thing}",
        "envoyé avec {thing}",
        "envoyé via {thing}",
        "envoyé par {thing} mobile",
        "envoyé de {thing}",
        "envoyé sans fil {thing}",
        "envoyé à l'aide de {thing}",
        "envoyé par mon {thing}",
        "obtenir outlook pour {thing}",
        "obtenez outlook pour {thing}",
        "télécharger outlook pour {thing}",
        "provenance : courrier pour {thing}",
        "garanti sans virus {thing}",
    ),
    sign_offs=(
        "cordialement", "bien cordialement", "très cordialement", "cdt", "cdlt", "bien à vous", "bien à toi",
        "salutations", "meilleures salutations", "sincères salutations", "salutations distinguées",
        "salutations cordiales", "sincèrement", "respectueusement", "amicalement", "à bientôt",
        "avec mes remerciements", "bonne journée", "bonne réception", "bisous", "amitiés", "en vous remerciant",
        "bien respectueusement", "cordiales salutations", "meilleurs messages", "à vous lire", "je vous prie d'agréer",
        "veuillez agréer", "belle journée", "bonne soirée",
    ),
    thanks=("merci d'avance", "merci", "merci beaucoup", "merci et bonne journée"),
    disclaimers=(
        "ce message et toutes les pièces jointes", "ce message est confidentiel", "ce courriel est confidentiel",
        "informations confidentielles", "si vous n'êtes pas le destinataire", "à l'usage exclusif",
        "pensez à l'environnement", "avant d'imprimer", "sans virus", "ce message et ses pièces jointes",
        "si vous avez reçu ce message par erreur", "exclusivement à ses destinataires",
    ),
    months=(
        "janvier janv jan", "février févr fév fevrier", "mars mar", "avril avr", "mai", "juin", "juillet juil",
        "août aout", "septembre sept", "octobre oct", "novembre nov", "décembre déc decembre",
    ),
    other=("répondre à", "pièces jointes", "pièce jointe", "importance", "organisation", "pj"),
    reply_prefixes=("re", "rép", "réf", "rep"),
    forward_prefixes=("tr", "transf", "trans", "i"),
)
