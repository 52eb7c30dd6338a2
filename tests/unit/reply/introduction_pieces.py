"""Pieces of which mail programs make the line that introduces a quote: days, dates, times, names, and the words around them."""

from __future__ import annotations

from typing import NamedTuple


class Pieces(NamedTuple):
    """`frames` hold {w}: day of the week, {d}: date, {t}: time, {n}: name or address."""

    days: tuple[str, ...]
    dates: tuple[str, ...]
    times: tuple[str, ...]
    frames: tuple[str, ...]


NAMES = (
    "Jane Roe <jane@roe.test>", '"Jane Roe" <jane@roe.test>', "Jane Roe", "jane@roe.test", "<jane@roe.test>",
    "Jane Roe (jane@roe.test)", "Jane Roe [mailto:jane@roe.test]", "Jane Roe <jane@roe.test<mailto:jane@roe.test>>",
    "'Jane Roe' via Desk <desk@roe.test>", "Roe, Jane <jane@roe.test>", "jane@roe.test <jane@roe.test>", "*Jane Roe* <jane@roe.test>",
)

PIECES = {
    "en": Pieces(
        ("Mon, ", "Monday, ", "Tue ", ""),
        ("Mar 5, 2018", "5 Mar 2018", "March 5, 2018", "05/03/2018", "3/5/18", "2018-03-05", "5 March, 2018", "05-Mar-2018", "5.3.2018"),
        ("at 10:15 AM", "10:15", "at 10:15", "10:15:33 AM", "10:15 a.m.", "at 10:15 AM -0800", "10:15 PM GMT+1", "at 18:02 +0530", ""),
        (
            "On {w}{d} {t}, {n} wrote:", "On {w}{d} {t} {n} wrote:", "On {w}{d} {t}, {n} wrote :", "{n} wrote on {w}{d} {t}:",
            "{w}{d} {t}, {n} wrote:", "On {w}{d} {t}, {n} said:", "{n} on {w}{d} {t} wrote:", "On {t} {w}{d}, {n} wrote:",
            "At {d} {t}, {n} wrote:", "On {w}{d} {t}, {n} writes:",
        ),
    ),
    "de": Pieces(
        ("Mo., ", "Montag, ", "Mo ", "Mo, ", ""),
        ("5. März 2018", "05.03.2018", "5. Mär 2018", "05.03.18", "2018-03-05", "5. Mär. 2018"),
        ("um 10:15", "10:15", "um 10:15 Uhr", "10:15 Uhr", "10:15:33", ""),
        (
            "Am {w}{d} {t} schrieb {n}:", "Am {w}{d} {t}, schrieb {n}:", "{n} schrieb am {w}{d} {t}:",
            "Am {w}{d} {t} hat {n} geschrieben:", "{n} schrieb am {w}{d} {t} Folgendes:", "Am {w}{d}, {t}, schrieb {n}:",
            "{w}{d} {t}, {n} schrieb:", "Am {w}{d} {t} schrieb {n} folgendes:", "{w}{d} {t} schrieb {n}:",
        ),
    ),
    "fr": Pieces(
        ("lun. ", "lundi ", "lun., ", ""),
        ("5 mars 2018", "05/03/2018", "2018-03-05", "05/03/18"),
        ("à 10:15", "10:15", "à 10h15", "10:15:33", ""),
        (
            "Le {w}{d} {t}, {n} a écrit :", "Le {w}{d} {t}, {n} a écrit:", "Le {w}{d} {t} {n} a écrit :",
            "Le {w}{d}, {t}, {n} a écrit :", "{n} a écrit le {w}{d} {t} :", "Le {w}{d} {t}, {n} écrivait :",
        ),
    ),
    "es": Pieces(
        ("lun., ", "lunes, ", "lun ", ""),
        ("5 mar. 2018", "5 de marzo de 2018", "05/03/2018", "2018-03-05", "5 mar 2018"),
        ("a las 10:15", "10:15", "a la(s) 10:15", "10:15:33", ""),
        (
            "El {w}{d} {t}, {n} escribió:", "El {w}{d} {t} {n} escribió:", "{n} escribió el {w}{d} {t}:",
            "El {w}{d}, {t}, {n} escribió:", "En {w}{d} {t}, {n} escribió:", "El {w}{d} {t}, {n} escribio:",
        ),
    ),
    "it": Pieces(
        ("lun ", "lunedì ", "lun, ", ""),
        ("5 mar 2018", "5 marzo 2018", "05/03/2018", "2018-03-05", "05/03/18"),
        ("alle ore 10:15", "10:15", "alle 10:15", "10:15:33", ""),
        (
            "Il giorno {w}{d} {t}, {n} ha scritto:", "Il {w}{d} {t}, {n} ha scritto:", "Il {w}{d} {t} {n} ha scritto:",
            "In data {w}{d} {t} {n} ha scritto:", "Il {w}{d}, {t}, {n} ha scritto:", "Il {d} {n} ha scritto:",
            "{n} ha scritto il {d} {t}:", "Il {d} {t}, {n} scrive:",
        ),
    ),
    "pt": Pieces(
        ("seg., ", "segunda-feira, ", "seg, ", ""),
        ("5 de mar. de 2018", "5 de março de 2018", "05/03/2018", "2018-03-05", "5/03/2018", "5 mar 2018"),
        ("às 10:15", "10:15", "à(s) 10:15", "10:15:33", "as 10:15", ""),
        (
            "Em {w}{d} {t}, {n} escreveu:", "Em {w}{d} {t} {n} escreveu:", "No dia {w}{d} {t}, {n} escreveu:",
            "{n} escreveu no dia {w}{d} {t}:", "{n} escreveu em {w}{d} {t}:", "Em {w}{d}, {t}, {n} escreveu:", "Em {d}, {n} escreveu:",
        ),
    ),
    "nl": Pieces(
        ("ma ", "maandag ", "ma. ", ""),
        ("5 mrt. 2018", "5 maart 2018", "05-03-2018", "5 mrt 2018", "5/3/2018"),
        ("om 10:15", "10:15", "om 10:15 uur", "10:15:33", ""),
        (
            "Op {w}{d} {t} schreef {n}:", "Op {w}{d} {t}, schreef {n}:", "{n} schreef op {w}{d} {t}:", "Op {w}{d}, {t}, {n} schreef:",
            "Op {w}{d} {t} heeft {n} het volgende geschreven:", "Op {d} {t} schreef {n} het volgende:",
            "Op {w}{d} {t} heeft {n} geschreven:",
        ),
    ),
    "pl": Pieces(
        ("pon., ", "poniedziałek, ", "pon. ", ""),
        ("5 mar 2018", "5 marca 2018", "05.03.2018", "2018-03-05", "2018.03.05"),
        ("o 10:15", "10:15", "godz. 10:15", "o godz. 10:15", "10:15:33", ""),
        (
            "W dniu {w}{d} {t} {n} napisał:", "W dniu {d} {t} użytkownik {n} napisał:", "W dniu {d} {t}, {n} pisze:",
            "{w}{d} {t} {n} napisał(a):", "Dnia {d} {t} {n} napisał(a):", "Dnia {w}{d} {t}, {n} napisała:",
            "{n} napisał w dniu {d} {t}:", "W dniu {w}{d} {t} użytkownik {n} napisała:",
            "Wiadomość napisana przez {n} w dniu {d}, {t}:", "Wiadomość napisana przez {n} dnia {d}, o godz. 10:15:",
        ),
    ),
    "ro": Pieces(
        ("lun., ", "luni, ", "Lun ", ""),
        ("5 mar. 2018", "5 martie 2018", "05.03.2018", "2018-03-05"),
        ("la 10:15", "10:15", "ora 10:15", "la ora 10:15", "10:15:33", ""),
        (
            "În {w}{d} {t}, {n} a scris:", "Pe {w}{d} {t} {n} a scris:", "La {d} {t}, {n} a scris:",
            "În data de {w}{d} {t}, {n} a scris:", "În {w}{d}, {t} {n} a scris:", "{n} a scris pe {d} {t}:",
            "In data de {d} {t}, {n} a scris:",
        ),
    ),
    "ru": Pieces(
        ("пн, ", "понедельник, ", "Пн., ", ""),
        ("5 мар. 2018 г.", "5 марта 2018 г.", "05.03.2018", "2018-03-05", "5 марта 2018"),
        ("в 10:15", "10:15", "10:15:33", "10:15 +03:00", "в 10:15 (UTC+3)", ""),
        (
            "{w}{d} {t} пользователь {n} написал:", "{w}{d} {t}, {n} пишет:", "{d} {t}, {n} написал(а):", "{d} {t}, {n} писал(а):",
            "{w}{d} {t}, {n} написал:", "{n} написал {d} {t}:", "On {d} {t}, {n} wrote:", "Вы писали {d} {t}:", "{n} писал {d} {t}:",
        ),
    ),
    "uk": Pieces(
        ("пн, ", "понеділок, ", "Пн., ", ""),
        ("5 бер. 2018 р.", "5 березня 2018 р.", "05.03.2018", "5 березня 2018"),
        ("о 10:15", "10:15", "10:15:33", "в 10:15", ""),
        (
            "{w}{d} {t} {n} пише:", "{w}{d} {t}, {n} написав:", "{w}{d} {t} користувач {n} написав:", "{d} {t}, {n} писав(ла):",
            "{w}{d} {t}, {n} написав(-ла):", "{n} пише {d} {t}:",
        ),
    ),
    "cs": Pieces(
        ("po ", "pondělí ", "Po, ", ""),
        ("5. 3. 2018", "5.3.2018", "5. března 2018", "05.03.2018"),
        ("v 10:15", "10:15", "10:15:33", "v 10.15", ""),
        (
            "Dne {w}{d} {t} {n} napsal(a):", "{w}{d} {t} odesílatel {n} napsal:", "Dne {d} {t}, {n} napsal:",
            "Dne {d} {t} napsal(a) {n}:", "{w}{d} {t}, {n} napsal:", "{n} napsal(a) dne {d} {t}:",
        ),
    ),
    "sk": Pieces(
        ("po ", "pondelok ", "po, ", ""),
        ("5. 3. 2018", "5.3.2018", "5. marca 2018", "05.03.2018"),
        ("o 10:15", "10:15", "10:15:33", "o 10.15", ""),
        (
            "Dňa {d} {t} {n} napísal(a):", "{w}{d} {t} {n} napísal(a):", "{w}{d} {t} používateľ {n} napísal:", "Dňa {d} {t} {n} napísal:",
            "{w}{d} {t}, {n} napísal(a):",
        ),
    ),
    "eu": Pieces(
        ("al., ", "astelehena, ", ""),
        ("2018-03-05", "2018(e)ko martxoaren 5a", "2018 mar. 5", "05.03.2018"),
        ("10:15", "10:15:33"),
        (
            "{w}{d} {t}(e)an, {n} erabiltzaileak idatzi zuen:", "{w}{d} {t} {n} erabiltzaileak idatzi du:",
            "{n} igorleak hau idatzi zuen ({d} {t}):",
        ),
    ),
    "fa": Pieces(
        ("دوشنبه ", "دوشنبه، ", ""),
        ("۵ مارس ۲۰۱۸", "۲۰۱۸/۳/۵", "2018-03-05", "۵/۳/۱۸"),
        ("۱۰:۱۵", "ساعت ۱۰:۱۵", "10:15"),
        ("در تاریخ {w}{d}، {t} {n} نوشت:", "در {d} {t}، {n} نوشت:", "{n} در {d} {t} نوشت:"),
    ),
    "hi": Pieces(
        ("सोम, ", "सोमवार, ", ""),
        ("5 मार्च 2018", "५ मार्च २०१८", "5/3/18", "2018-03-05"),
        ("10:15", "पूर्वाह्न 10:15 बजे", "को 10:15 am"),
        ("{w}{d} को {t} पर {n} ने लिखा:", "{w}{d} {t} को {n} ने लिखा:", "{n} ने {d} {t} को लिखा:"),
    ),
    "th": Pieces(
        ("จ. ", "วันจันทร์ที่ ", ""),
        ("5 มี.ค. 2018", "5 มีนาคม 2561", "5/3/2561", "2018-03-05"),
        ("เวลา 10:15", "10:15 น.", "10:15"),
        ("ในวันที่ {w}{d} {t} {n} เขียนว่า:", "เมื่อ {w}{d} {t} {n} เขียนว่า:", "{n} เขียนเมื่อ {d} {t}:"),
    ),
    "ka": Pieces(
        ("ორშ, ", "ორშაბათი, ", ""),
        ("5 მარ. 2018", "5 მარტი, 2018", "05.03.2018", "2018-03-05"),
        ("10:15", "10:15-ზე", "10:15:33"),
        ("{w}{d} {t} {n} დაწერა:", "{w}{d}, {t}, {n} წერდა:", "{n} დაწერა {d} {t}:"),
    ),
    "sr": Pieces(
        ("пон, ", "понедељак, ", "pon, ", ""),
        ("5. мар 2018.", "05.03.2018.", "5. март 2018.", "5. mart 2018."),
        ("10:15", "у 10:15", "10:15:33"),
        (
            "{w}{d} {t} {n} је написао/ла:", "{w}{d} {t}, {n} је написао:", "Дана {d} {t} {n} је написао/ла:",
            "Dana {d} {t} {n} piše:", "{w}{d} {t} {n} je napisao/la:",
        ),
    ),
    "mk": Pieces(
        ("пон., ", "понеделник, ", ""),
        ("5 мар. 2018", "5 март 2018", "05.03.2018"),
        ("10:15", "во 10:15", "10:15:33"),
        ("На {w}{d} {t} {n} напиша:", "{w}{d} {t} {n} напиша:", "{n} напиша на {d} {t}:"),
    ),
    "sv": Pieces(
        ("mån ", "måndag ", "mån. ", ""),
        ("5 mars 2018", "5 mars, 2018", "2018-03-05", "5 mar. 2018"),
        ("kl. 10:15", "10:15", "kl 10:15", "10:15:33", "kl. 10.15", ""),
        (
            "Den {w}{d} {t} skrev {n}:", "{w}{d} {t} skrev {n}:", "Den {w}{d} {t}, skrev {n}:", "{n} skrev den {w}{d} {t}:",
            "Den {w}{d} {t}, {n} skrev:", "Den {w}{d} {t} {n} skrev:", "{d} {t} skrev {n}:", "{w}{d}, {t}, {n} skrev:",
        ),
    ),
    "da": Pieces(
        ("man. ", "mandag ", "man. den ", "mandag den ", ""),
        ("5. mar. 2018", "5. marts 2018", "05/03/2018", "05-03-2018", "05.03.2018"),
        ("kl. 10.15", "10:15", "kl. 10:15", "10.15", ""),
        (
            "Den {w}{d} {t} skrev {n}:", "{w}{d} {t} skrev {n}:", "Den {d} {t}, {n} skrev:", "{n} skrev den {d} {t}:",
            "D. {w}{d} {t} skrev {n}:", "På {w}{d} {t}, {n} skrev:",
        ),
    ),
    "no": Pieces(
        ("man. ", "mandag ", "man ", "mandag, ", ""),
        ("5. mar. 2018", "5. mars 2018", "05.03.2018", "2018-03-05"),
        ("kl. 10:15", "10:15", "kl 10.15", "klokken 10:15", ""),
        (
            "{w}{d} {t} skrev {n}:", "Den {w}{d} {t} skrev {n}:", "{n} skrev den {d} {t}:", "På {w}{d} {t}, {n} skrev:",
            "Den {d} {t}, {n} skrev:", "{n} skrev følgende den {d} {t}:",
        ),
    ),
    "fi": Pieces(
        ("ma ", "maanantai ", "ma, ", ""),
        ("5. maalisk. 2018", "5. maaliskuuta 2018", "5.3.2018", "05.03.2018"),
        ("klo 10.15", "10:15", "klo 10:15", "kello 10.15", ""),
        (
            "{w}{d} {t} {n} kirjoitti:", "{n} kirjoitti {w}{d} {t}:", "{w}{d} {t}, {n} kirjoitti:", "{n} kirjoitti {d} {t}:",
        ),
    ),
    "tr": Pieces(
        ("Pzt, ", "Pazartesi, ", ""),
        ("5 Mar 2018", "5 Mart 2018", "05.03.2018", "05/03/2018"),
        ("10:15", "saat 10:15", "10:15:33", ""),
        (
            "{n}, {d} {t} tarihinde şunu yazdı:", "{d} {t} tarihinde {n} yazdı:", "{d} {w}{t} tarihinde {n} şunu yazdı:",
            "{n} şunu yazdı ({d} {t}):", "{d} {t}, {n} yazdı:", "{d} tarihinde {t} saatinde {n} şunları yazdı:",
        ),
    ),
    "el": Pieces(
        ("Δευ, ", "Δευτέρα, ", "Δευ ", ""),
        ("5 Μαρ 2018", "5 Μαρτίου 2018", "5/3/2018", "05.03.2018"),
        ("στις 10:15 π.μ.", "10:15", "στις 10:15", "10:15 πμ", ""),
        (
            "Στις {w}{d} {t}, ο χρήστης {n} έγραψε:", "Στις {d} {t}, ο/η {n} έγραψε:", "Στις {w}{d} {t}, {n} έγραψε:",
            "Την {w}{d} {t}, {n} έγραψε:", "Στις {d} {t}, η {n} έγραψε:", "{n} έγραψε στις {d} {t}:",
        ),
    ),
    "hu": Pieces(
        ("H, ", "hétfő, ", ""),
        ("2018. márc. 5.", "2018. március 5.", "2018.03.05.", "2018-03-05"),
        ("10:15", "10:15-kor", "de. 10:15", "10:15 órakor", ""),
        (
            "{n} ezt írta (időpont: {d}, {w}{t}):", "{d} {t}, {n} írta:", "{d} {t} időpontban {n} ezt írta:",
            "{d} {t} keltezéssel, {n} írta:", "{n} írta {d} {t}:", "{d} dátummal {n} ezt írta:", "{d} {t} {n} írta:",
        ),
    ),
    "ja": Pieces(
        ("(月) ", "月曜日 ", ""),
        ("2018年3月5日", "2018/03/05", "2018-03-05"),
        ("10:15", "午前10:15", "10時15分", "10:15:33", ""),
        (
            "{d} {t}、{n} のメール：", "{d} {t}、{n}のメッセージ:", "{d} {t}、{n}さんは書きました：",
            "{d}({w}) {t} {n} さんが書きました:", "{d} {t}に{n}さんは書きました:", "{d} {t}、{n} wrote:", "On {d} {t}, {n} wrote:",
            "{d} {t} {n} さん:",
        ),
    ),
    "zh": Pieces(
        ("周一 ", "星期一 ", "(周一) ", "週一 ", ""),
        ("2018年3月5日", "2018/03/05", "2018-03-05", "2018年03月05日"),
        ("10:15", "上午10:15", "10:15:33", "下午3:15", ""),
        (
            "在 {d}，{t}，{n} 写道：", "在 {d} {w}{t}，{n} 写道：", "{n} 于{d}{w}{t}写道：", "{n} 於 {d} {w}{t}寫道：",
            "{d}{w}{t}，{n} 写道：", "於 {d} {t}，{n} 寫道：", "在{d} {t}, {n} 写道:", "{n} 在 {d} {t} 写道：", "{d} {t}，{n} 寫道：",
            '在 {d} {t} "{n}" 写道：',
        ),
    ),
    "ko": Pieces(
        ("(월) ", "월요일 ", ""),
        ("2018년 3월 5일", "2018. 3. 5.", "2018-03-05", "2018/03/05"),
        ("오전 10:15", "10:15", "오후 3:15", ""),
        (
            "{d} {w}{t}, {n}님이 작성:", "{d} {w}{t}, {n} 작성:", "{d} {t}에 {n}님이 쓴 글:", "{d} {t}, {n}님이 다음을 작성:",
            "{d} {w}{t} {n} 작성:", "{n}님이 {d} {t}에 작성:", "{d} {t}, {n} 님이 작성한 글:",
        ),
    ),
}
