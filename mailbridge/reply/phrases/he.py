"""Hebrew."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

HE = LanguagePhrases(
    code="he",
    attribution=(
        "בתאריך {when} מאת {who}",
        "‏ב-{when} {who} כתב/ה",
        "ב-{when} {who} כתב",
        "ב- {when} {who} כתב/ה",
        "ביום {when} {who} כתב",
        "{when} {who} כתב/ה",
        "{when} מאת {who}",
        "{who} כתב/ה",
        "{who} כתב",
    ),
    sender=("מאת",),
    date=("נשלח", "תאריך"),
    to=("אל",),
    cc=("עותק", "העתק"),
    subject=("נושא",),
    original=("הודעה מקורית", "ההודעה המקורית"),
    forwarded=("הודעה שהועברה", "הודעה מועברת", "הודעה שהועברה התחילה"),
    mobile=(
        "נשלח מה-{thing} שלי",
        "נשלח מה {thing} שלי",
        "נשלח מ-{thing}",
        "נשלח מהאייפון {thing}",
        "נשלח מהטלפון {thing}",
    ),
    sign_offs=("בברכה", "בכבוד רב", "בתודה", "יום טוב", "שבת שלום"),
    thanks=("תודה", "תודה רבה", "תודה מראש"),
    disclaimers=("הודעה זו חסויה", "מידע סודי"),
    months=(
        "ינואר ינו", "פברואר פבר", "מרץ", "אפריל אפר", "מאי", "יוני", "יולי", "אוגוסט אוג", "ספטמבר ספט", "אוקטובר אוק",
        "נובמבר נוב", "דצמבר דצמ",
    ),
    reply_prefixes=("תגובה", "השב"),
    forward_prefixes=("הועבר",),
)
