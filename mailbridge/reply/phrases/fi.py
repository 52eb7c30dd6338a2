"""Finnish."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

FI = LanguagePhrases(
    code="fi",
    attribution=(
        "{who} kirjoitti {when}",
        "{who} kirjoitti näin {when}",
        "{when} {who} kirjoitti",
        "{when} kirjoitti {who}",
        "{when} {who} kirjoitti näin",
        "{who} kirjoitti",
        "Lainaus {who}",
        "{who} kirjoitti seuraavasti",
    ),
    sender=("lähettäjä", "lahettaja", "keneltä"),
    date=("lähetetty", "päivämäärä", "lähetysaika", "pvm", "päiväys", "lahetetty"),
    to=("vastaanottaja", "kenelle", "vast.ott", "vastaanottajat"),
    cc=("kopio", "cc", "piilokopio"),
    subject=("aihe", "otsikko"),
    original=(
        "alkuperäinen viesti", "alkuperäinen sähköposti", "alkuperainen viesti", "alkuperäinen tapaaminen",
        "alkuperäinen sähköpostiviesti",
    ),
    forwarded=(
        "välitetty viesti", "edelleenlähetetty viesti", "lähetetty edelleen", "välitetty viesti alkaa",
        "alkaa välitetty viesti", "edelleen lähetetty viesti", "välitetyn viestin alku", "välitetty sähköposti",
        "edelleenlähetetty sähköposti",
    ),
    mobile=(
        "lähetetty {thing}",
        "lähetetty laitteesta {thing}",
        "lähetetty puhelimesta {thing}",
        "lähetetty {thing} puhelimesta",
        "lähetetty {thing}sta",
        "hanki outlook for {thing}",
        "hanki outlook {thing}",
        "lataa outlook {thing}",
        "hanki {thing} androidille",
        "hanki {thing} iosille",
        "pahoittelen lyhyyttä",
    ),
    sign_offs=(
        "ystävällisin terveisin", "terveisin", "parhain terveisin", "yst. terv", "yt", "terv", "hyvää päivänjatkoa",
        "kunnioittavasti", "ystävällisesti", "kiittäen", "lämpimin terveisin", "terveiset", "hyvin terveisin",
    ),
    thanks=("kiitos", "kiitos etukäteen", "kiitoksia", "t", "kiitos paljon", "kiitoksin"),
    disclaimers=(
        "tämä viesti on luottamuksellinen", "tämä sähköposti on luottamuksellinen", "luottamuksellista tietoa",
        "jos et ole viestin", "tämä sähköpostiviesti", "vain vastaanottajalle", "luottamuksellisia tietoja",
        "ette ole viestin", "jos et ole tarkoitettu", "salassa pidettävää",
    ),
    months=(
        "tammikuuta tammikuu tammi tammik", "helmikuuta helmikuu helmi helmik",
        "maaliskuuta maaliskuu maalis maalisk",
        "huhtikuuta huhtikuu huhti huhtik", "toukokuuta toukokuu touko toukok", "kesäkuuta kesäkuu kesä kesäk",
        "heinäkuuta heinäkuu heinä heinäk",
        "elokuuta elokuu elo elok", "syyskuuta syyskuu syys syysk", "lokakuuta lokakuu loka lokak",
        "marraskuuta marraskuu marras marrask",
        "joulukuuta joulukuu joulu jouluk",
    ),
    other=("liitteet", "liite", "vastausosoite", "tärkeys"),
    reply_prefixes=("vs",),
    forward_prefixes=("vl", "ed"),
    prose=("meidän", "minun", "mutta", "oli", "minä"),
)
