"""The language of a mail: of what was written, else of the program that quoted and signed; never a guess on two words."""

from __future__ import annotations

import pytest

from mailbridge.message.language import language_of, language_of_mail
from mailbridge.message.model import Reply, Span, SpanKind

TEXTS = {
    "ca": "La impressora del segon pis no funciona des d'aquest matí, podrien enviar un tècnic, si us plau?",
    "eu": "Bigarren solairuko inprimagailuak ez du funtzionatzen gaur goizetik, teknikari bat bidal dezakezue mesedez?",
    "fa": "چاپگر طبقه دوم از امروز صبح کار نمی‌کند، لطفاً یک تکنسین بفرستید؟",
    "hi": "दूसरी मंज़िल का प्रिंटर आज सुबह से काम नहीं कर रहा है, कृपया तकनीशियन भेजें।",
    "id": "Printer di lantai dua tidak berfungsi sejak tadi pagi, bisakah Anda mengirim teknisi?",
    "ka": "მეორე სართულის პრინტერი დღეს დილიდან არ მუშაობს, გთხოვთ გამოგზავნოთ ტექნიკოსი.",
    "sr": "Штампач на другом спрату не ради од јутрос, да ли бисте могли да пошаљете техничара?",
    "th": "เครื่องพิมพ์ชั้นสองใช้งานไม่ได้ตั้งแต่เช้านี้ ช่วยส่งช่างมาได้ไหม",
    "ar": "الطابعة في الطابق الثاني لا تعمل منذ صباح اليوم، هل يمكنكم إرسال فني من فضلكم؟",
    "bg": "Принтерът на втория етаж не работи от тази сутрин, бихте ли изпратили техник, моля?",
    "cs": "Tiskárna ve druhém patře od dnešního rána netiskne, mohli byste prosím poslat technika?",
    "da": "Printeren på anden sal har ikke virket siden i morges, kan I sende en tekniker hurtigst muligt?",
    "de": "Der Drucker im zweiten Stock druckt seit heute Morgen nicht mehr, können Sie bitte jemanden schicken?",
    "el": "Ο εκτυπωτής στον δεύτερο όροφο δεν λειτουργεί από σήμερα το πρωί.",
    "en": "The printer on the second floor has not been working since this morning, could you please send someone?",
    "es": "La impresora del segundo piso no funciona desde esta mañana, ¿podrían enviar a un técnico, por favor?",
    "fi": "Toisen kerroksen tulostin ei ole toiminut tämän aamun jälkeen, voisitteko lähettää jonkun korjaamaan sen?",
    "fr": "L'imprimante du deuxième étage ne fonctionne plus depuis ce matin, pourriez-vous envoyer quelqu'un ?",
    "he": "המדפסת בקומה השנייה לא עובדת מהבוקר, אפשר לשלוח טכנאי בבקשה?",
    "hr": "Pisač na drugom katu ne radi od jutros, možete li molim vas poslati nekoga da ga popravi?",
    "hu": "A második emeleti nyomtató ma reggel óta nem működik, kérem, küldjenek valakit.",
    "it": "La stampante al secondo piano non funziona da stamattina, potreste mandare un tecnico per favore?",
    "ja": "二階のプリンターが今朝から動きません。技術者を派遣していただけますか。",
    "ko": "이층 프린터가 오늘 아침부터 작동하지 않습니다. 기술자를 보내 주시겠습니까?",
    "nl": "De printer op de tweede verdieping werkt sinds vanochtend niet meer, kunt u alstublieft iemand sturen?",
    "no": "Skriveren i andre etasje har ikke virket siden i dag tidlig, kan dere sende noen så fort som mulig?",
    "pl": "Drukarka na drugim piętrze nie działa od dzisiejszego ranka, czy mogliby Państwo przysłać technika?",
    "pt": "A impressora do segundo andar não funciona desde hoje de manhã, vocês poderiam enviar um técnico?",
    "ro": "Imprimanta de la etajul doi nu mai funcționează de azi-dimineață, puteți trimite pe cineva, vă rog?",
    "ru": "Принтер на втором этаже не работает с сегодняшнего утра, не могли бы вы прислать мастера?",
    "sk": "Tlačiareň na druhom poschodí od dnešného rána netlačí, mohli by ste prosím poslať technika?",
    "sv": "Skrivaren på andra våningen har inte fungerat sedan i morse, kan ni skicka någon så snart som möjligt?",
    "tr": "İkinci kattaki yazıcı bu sabahtan beri çalışmıyor, lütfen bir teknisyen gönderebilir misiniz?",
    "uk": "Принтер на другому поверсі не працює від сьогоднішнього ранку, чи не могли б ви надіслати майстра?",
    "zh": "二楼的打印机从今天早上开始就不能用了，请派人来修理。",
}
DUMMY = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua."


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_is_enough(language: str) -> None:
    assert language_of(TEXTS[language]) == language


@pytest.mark.parametrize("text", ["", "   ", "ok", "Hi", "123 456", "--", "a@b.test https://x.test/abc", "🙂🙂🙂", "Kim", "\x00\x01"])
def test_what_could_be_any_language_is_none(text: str) -> None:
    assert language_of(text) == ""


def test_addresses_and_links_do_not_decide() -> None:
    links = " https://www.example.test/the-printer-is-not-working-please-help-me " * 5
    assert language_of(TEXTS["de"] + links) == "de"


def test_two_japanese_signs_among_chinese_ones_are_japanese_only_in_number() -> None:
    assert language_of("東京都千代田区一丁目の株式会社です") == "ja"
    assert language_of("本公司位於東京，產品名稱為の字型。請問何時可以送達我們的辦公室？") == "zh"


def test_dummy_text_is_no_language() -> None:
    assert language_of(DUMMY) == ""


def reply(fresh: str, kind: SpanKind, reason: str, cut: str) -> Reply:
    whole = fresh + cut
    spans = (Span(kind=SpanKind.FRESH, start=0, end=len(fresh)), Span(kind=kind, start=len(fresh), end=len(whole), reason=reason))
    return Reply(text=whole, spans=spans, fresh=fresh)


@pytest.mark.parametrize(
    ("kind", "reason", "cut", "language"),
    [
        (SpanKind.QUOTE, "attribution:pl", "W dniu 1.2. napisał:\n> x", "pl"),
        (SpanKind.SIGNATURE, "mobile-signature:fi", "Lähetetty puhelimesta", "fi"),
        (SpanKind.QUOTE, "quote-marks", "> Le 2 nov. 2026 à 11:11, Kim <kim@firm.test> a écrit :\n> x", "fr"),
        (SpanKind.QUOTE, "quote-marks", "> 2.11.2026 <kim@firm.test>:\n> x", "en"),
    ],
)
def test_the_program_tells_where_the_text_does_not(kind: SpanKind, reason: str, cut: str, language: str) -> None:
    assert language_of_mail(reply(DUMMY + "\n", kind, reason, cut), "") == language


def test_a_short_answer_takes_the_programs_language_or_none() -> None:
    assert language_of_mail(reply("ok\n", SpanKind.QUOTE, "attribution:de", "Am 1.2. schrieb Kim:\n> x"), "") == "de"
    assert language_of_mail(reply("ok\n", SpanKind.QUOTE, "quote-marks", "> x"), "") == ""


def test_what_was_written_decides_against_the_program() -> None:
    assert language_of_mail(reply(TEXTS["en"], SpanKind.QUOTE, "attribution:de", "Am 1.2. schrieb Kim:\n> x"), "") == "en"
