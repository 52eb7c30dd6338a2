"""Answers in languages that no table knows: what tells a quote, a signature or a forward is their shape, and this mail's own subject."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest

from mailbridge.reply.extract import extract
from mailbridge.reply.phrases import LANGUAGES

SAMPLES = 150


class Tongue(NamedTuple):
    """Words of a language without a table: said, sender, date, recipient, subject, an app's line, a farewell, a prefix of forwards."""

    said: str
    headers: tuple[str, str, str, str]
    app: str
    farewell: str
    forward: str


TONGUES = {
    "sq": Tongue("Numri është 4711.", ("Nga", "Dërguar", "Për", "Subjekti"), "Dërguar nga iPhone im", "Me respekt", "Përcjellë"),
    "hy": Tongue("Համարը 4711 է։", ("Ումից", "Ուղարկվել է", "Ում", "Թեմա"), "Ուղարկվել է իմ iPhone-ից", "Հարգանքով", "Վերահասցեավորված"),
    "ms": Tongue("Nombornya 4711.", ("Daripada", "Dihantar", "Kepada", "Subjek"), "Dihantar daripada iPhone saya", "Yang benar", "Maju"),
    "sw": Tongue("Nambari ni 4711.", ("Kutoka", "Ilitumwa", "Kwa", "Mada"), "Imetumwa kutoka kwa iPhone yangu", "Wako mwaminifu", "Mbele"),
    "af": Tongue("Die nommer is 4711.", ("Van", "Gestuur", "Aan", "Onderwerp"), "Gestuur vanaf my iPhone", "Groete van my", "Deurgestuur"),
    "gl": Tongue("O número é 4711.", ("De", "Enviado", "Para", "Asunto"), "Enviado dende o meu iPhone", "Un cordial saúdo", "Reenviado"),
    "kk": Tongue("Нөмірі 4711.", ("Кімнен", "Жіберілген", "Кімге", "Тақырыбы"), "iPhone құрылғымнан жіберілді", "Құрметпен", "Қайта"),
    "uz": Tongue("Raqami 4711.", ("Kimdan", "Yuborilgan", "Kimga", "Mavzu"), "iPhone qurilmamdan yuborildi", "Hurmat bilan", "Uzatildi"),
    "az": Tongue("Nömrə 4711-dir.", ("Kimdən", "Göndərilib", "Kimə", "Mövzu"), "iPhone cihazımdan göndərildi", "Hörmətlə", "Yönləndirildi"),
    "bn": Tongue("নম্বর ৪৭১১।", ("প্রেরক", "পাঠানো হয়েছে", "প্রতি", "বিষয়"), "আমার iPhone থেকে পাঠানো", "শুভেচ্ছান্তে", "ফরওয়ার্ড"),
    "ta": Tongue("எண் 4711.", ("அனுப்புநர்", "அனுப்பியது", "பெறுநர்", "பொருள்"), "எனது iPhone இலிருந்து அனுப்பப்பட்டது", "அன்புடன்", "அனுப்பு"),
    "km": Tongue("លេខ 4711", ("ពី", "បានផ្ញើ", "ទៅ", "ប្រធានបទ"), "ផ្ញើពី iPhone របស់ខ្ញុំ", "ដោយក្ដីគោរព", "បញ្ជូនបន្ត"),
    "my": Tongue("နံပါတ် 4711", ("ပေးပို့သူ", "ပို့ပြီး", "သို့", "အကြောင်းအရာ"), "ကျွန်ုပ်၏ iPhone မှ ပို့သည်", "လေးစားစွာဖြင့်", "လွှဲ"),
    "is": Tongue("Númerið er 4711.", ("Frá", "Sent", "Til", "Efni"), "Sent úr iPhone símanum mínum", "Með kveðju", "Framsent"),
    "ga": Tongue("Is é 4711 an uimhir.", ("Ó", "Seolta", "Chuig", "Ábhar"), "Seolta ó mo iPhone", "Le meas", "Ar aghaidh"),
    "cy": Tongue("Y rhif yw 4711.", ("Oddi wrth", "Anfonwyd", "At", "Pwnc"), "Anfonwyd o fy iPhone", "Cofion cynnes", "Ymlaen"),
    "mn": Tongue("Дугаар нь 4711.", ("Хэнээс", "Илгээсэн", "Хэнд", "Сэдэв"), "Миний iPhone-с илгээв", "Хүндэтгэсэн", "Дамжуулсан"),
    "ne": Tongue("नम्बर ४७११ हो।", ("प्रेषकबाट", "पठाइएको", "लाई", "विषयवस्तु"), "मेरो iPhone बाट पठाइएको", "भवदीय,", "फर्वार्ड"),
}
DATES = ("10.06.2025 15:12", "2025-06-10 15:12", "10/06/2025 15:12", "10 June 2025 15:12:33")
DEVICES = ("iPhone", "iPad", "Samsung Galaxy", "Android", "Outlook")
QUOTED = "Dear customer,\n\nplease tell us the serial number.\n\nSupport team"
SUBJECT = "[MB-17] Printer"
DESK = "support@example.org"


def test_no_table_knows_these_languages() -> None:
    assert not set(TONGUES) & {language.code for language in LANGUAGES}


@pytest.mark.parametrize("code", TONGUES)
def test_headers_with_the_subject_of_this_mail_begin_the_quote(code: str) -> None:
    chance, tongue = random.Random(f"headers in {code}"), TONGUES[code]
    for _ in range(SAMPLES):
        fields = [f"Support <{DESK}>", chance.choice(DATES), "Ann <ann@customer.test>", chance.choice(("Re: ", "")) + SUBJECT]
        order = chance.choice(((0, 1, 2, 3), (0, 1, 2, 3), (0, 2, 1, 3), (3, 0, 1, 2), (0, 1, 3)))
        label = chance.choice(("{}: {}", "{}: {}", "{} : {}", "*{}:* {}", "{}:\t{}", "| {} | {} |"))
        headers = "\n".join(label.format(tongue.headers[place], fields[place]) for place in order)
        rule = chance.choice(("", "", "________________________________\n", "-----\n"))

        text = f"{tongue.said}\n\n{rule}{headers}\n\n{QUOTED}\n"

        assert extract(text, subject=f"Re: {SUBJECT}", answering=True).fresh == tongue.said, text


@pytest.mark.parametrize("code", TONGUES)
@pytest.mark.parametrize("device", DEVICES)
def test_short_line_that_names_a_device_above_the_quote_or_the_end_is_an_app_line(code: str, device: str) -> None:
    tongue = TONGUES[code]
    line = tongue.app.replace("iPhone", device)
    for below in ("", f"\n> On 10 Jun 2025, at 15:12, Support <{DESK}> wrote:\n>\n> please\n"):
        reply = extract(f"{tongue.said}\n\n{line}\n{below}", subject=f"Re: {SUBJECT}", answering=True)

        assert (reply.fresh, reply.signature) == (tongue.said, line)


@pytest.mark.parametrize("code", TONGUES)
def test_few_words_and_a_comma_above_a_name_are_a_farewell(code: str) -> None:
    tongue = TONGUES[code]
    farewell = f"{tongue.farewell.rstrip(',')},\nAnna"

    assert extract(f"{tongue.said}\n\n{farewell}\n", subject=f"Re: {SUBJECT}", answering=True).fresh == tongue.said


@pytest.mark.parametrize("code", TONGUES)
def test_unknown_prefix_with_the_headers_of_a_stranger_is_a_forward(code: str) -> None:
    tongue = TONGUES[code]
    sender, date, to, subject = tongue.headers
    headers = f"{sender}: Carl <carl@other.test>\n{date}: 10.06.2025 15:12\n{to}: Ann <ann@customer.test>\n{subject}: Question"

    reply = extract(
        f"FYI\n\n{headers}\n\nMy printer is broken.\n",
        subject=f"{tongue.forward}: Question",
        answering=False,
        author="Ann",
        recipients=frozenset({DESK}),
    )

    assert reply.fresh == "FYI"
    assert reply.forwarded is not None
    assert reply.forwarded.sender is not None
    assert (reply.forwarded.sender.address, reply.forwarded.text) == ("carl@other.test", "My printer is broken.")


@pytest.mark.parametrize(
    "text",
    [
        "Which one do I need?\n\niPhone 12",
        "We have two.\n\nThe other one is a Samsung Galaxy",
        "It fails here\n\nalso with my iPhone and with Outlook",
        "Bei uns fehlt es\n\nauch auf dem Android Gerät",
        "Please order:\n\nSamsung Galaxy S9: two",
        "Please send both:\n\nThis one,\nprinter and cable",
        "Contact for delivery:\n\nGina Marlow\nTel: +49 30 1234567\ngina@customer.test",
        "Serial Numbers\n\nFirst Printer\n4711-2231-88\n4711-2231-89",
    ],
)
def test_short_lines_that_say_something_stay(text: str) -> None:
    assert extract(text, subject=f"Re: {SUBJECT}", answering=True).fresh == text


def test_form_with_the_subject_of_the_mail_stays_where_the_mail_answers_nothing() -> None:
    text = "Name: Ann Example <ann@customer.test>\nDate: 10.06.2025 15:12\nSubject: Printer\nMessage: it does not print"

    assert extract(text, subject="Printer", answering=False).fresh == text
