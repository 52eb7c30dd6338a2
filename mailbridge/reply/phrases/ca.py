"""Catalan."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

CA = LanguagePhrases(
    code="ca",
    attribution=(
        "El {when} {who} va escriure",
        "El dia {when} {who} va escriure",
        "El {when} {who} ha escrit",
        "Missatge de {who} del dia {when}",
        "{who} va escriure el {when}",
        "{who} va escriure",
        "{when} {who} va escriure",
    ),
    sender=("de", "remitent"),
    date=("enviat", "data", "enviat el"),
    to=("per a", "a", "per"),
    cc=("cc", "còpia"),
    subject=("assumpte", "tema"),
    original=("missatge original",),
    forwarded=("missatge reenviat", "inici del missatge reenviat", "inicia el missatge reenviat"),
    mobile=(
        "enviat des del meu {thing}",
        "enviat des de {thing}",
        "enviat amb {thing}",
        "obtén outlook per a {thing}",
    ),
    sign_offs=("salutacions", "atentament", "cordialment", "una salutació", "salutacions cordials"),
    thanks=("gràcies", "moltes gràcies", "salut", "gràcies per endavant"),
    disclaimers=("aquest missatge és confidencial", "informació confidencial", "abans d'imprimir"),
    months=(
        "gener gen", "febrer febr feb", "març mar", "abril abr", "maig", "juny", "juliol jul", "agost ag",
        "setembre set", "octubre oct", "novembre nov", "desembre des",
    ),
    reply_prefixes=("re",),
    forward_prefixes=("rv",),
)
