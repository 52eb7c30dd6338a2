"""The words that mail programs put in front of copied headers, and the titles above them, by language."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """What a program calls the sender, the date, the recipients, the subject and the copies; dates; titles of originals and forwards."""

    sender: tuple[str, ...]
    date: tuple[str, ...]
    to: tuple[str, ...]
    subject: tuple[str, ...]
    cc: tuple[str, ...]
    dates: tuple[str, ...]
    originals: tuple[str, ...]
    forwards: tuple[str, ...]


SENDERS = (
    "Jane Roe <jane@roe.test>", "Jane Roe [mailto:jane@roe.test]", "jane@roe.test", "Jane Roe", '"Jane Roe" <jane@roe.test>',
    "Jane Roe<mailto:jane@roe.test>", "Roe, Jane", "Jane Roe <jane@roe.test<mailto:jane@roe.test>>",
)
RECIPIENTS = (
    "Desk <desk@roe.test>", "desk@roe.test", "Desk", "Desk <desk@roe.test>; Bob <bob@roe.test>", "'desk@roe.test'",
)

WORDS = {
    "en": Words(
        ("From",),
        ("Sent", "Date"),
        ("To",),
        ("Subject",),
        ("Cc",),
        ("Monday, March 5, 2018 10:15 AM", "05 March 2018 10:15", "Mon, 5 Mar 2018 10:15:00 +0000"),
        ("Original Message", "Original message", "Forwarded"),
        ("Forwarded message", "Forwarded Message"),
    ),
    "de": Words(
        ("Von",),
        ("Gesendet", "Datum"),
        ("An",),
        ("Betreff",),
        ("Cc", "Kopie"),
        ("Montag, 5. März 2018 10:15", "05.03.2018 10:15"),
        ("Ursprüngliche Nachricht", "Originalnachricht", "Original-Nachricht", "Ursprüngliche Mitteilung"),
        ("Weitergeleitete Nachricht", "Weitergeleitete Mail"),
    ),
    "fr": Words(
        ("De", "Expéditeur"),
        ("Envoyé", "Date", "Envoyé le", "Envoyé à"),
        ("À", "A", "Destinataire"),
        ("Objet", "Sujet"),
        ("Cc", "Copie à"),
        ("lundi 5 mars 2018 10:15", "05/03/2018 10:15", "lundi 5 mars 2018 à 10:15:00"),
        ("Message d'origine", "Message original", "Message d’origine", "Message initial", "Mail d'origine", "Original"),
        ("Message transféré", "Message transmis", "Forwarded message"),
    ),
    "es": Words(
        ("De", "Remitente"),
        ("Enviado", "Fecha", "Enviado el", "Enviado a las"),
        ("Para",),
        ("Asunto",),
        ("CC",),
        ("lunes, 5 de marzo de 2018 10:15", "05/03/2018 10:15"),
        ("Mensaje original", "Mensaje Original"),
        ("Mensaje reenviado",),
    ),
    "it": Words(
        ("Da", "Mittente"),
        ("Inviato", "Data", "Inviato il"),
        ("A", "Per"),
        ("Oggetto",),
        ("Cc",),
        ("lunedì 5 marzo 2018 10:15", "05/03/2018 10:15"),
        ("Messaggio originale",),
        ("Messaggio inoltrato",),
    ),
    "pt": Words(
        ("De",),
        ("Enviado", "Enviada em", "Data", "Enviado em", "Enviada", "Enviadas"),
        ("Para",),
        ("Assunto",),
        ("Cc",),
        ("segunda-feira, 5 de março de 2018 10:15", "05/03/2018 10:15"),
        ("Mensagem original", "Mensagem Original"),
        ("Mensagem encaminhada", "Mensagem reencaminhada"),
    ),
    "nl": Words(
        ("Van",),
        ("Verzonden", "Datum", "Verstuurd"),
        ("Aan",),
        ("Onderwerp",),
        ("CC", "Kopie"),
        ("maandag 5 maart 2018 10:15", "05-03-2018 10:15"),
        ("Oorspronkelijk bericht", "Origineel bericht"),
        ("Doorgestuurd bericht", "Doorgezonden bericht"),
    ),
    "pl": Words(
        ("Od", "Nadawca"),
        ("Wysłano", "Data", "Data wysłania", "Wysłane"),
        ("Do", "Adresat"),
        ("Temat",),
        ("DW", "Kopia"),
        ("poniedziałek, 5 marca 2018 10:15", "2018-03-05 10:15"),
        ("Wiadomość oryginalna", "Oryginalna wiadomość", "Wiadomość pierwotna"),
        ("Wiadomość przekazana", "Przekazana wiadomość", "Treść przekazanej wiadomości"),
    ),
    "ro": Words(
        ("De la", "Expeditor"),
        ("Trimis", "Data", "Trimise"),
        ("Către", "Catre", "La"),
        ("Subiect", "Subiectul"),
        ("Cc",),
        ("luni, 5 martie 2018 10:15",),
        ("Mesaj original", "Mesajul original", "Mesaj iniţial", "Mesaj initial"),
        ("Mesaj redirecționat", "Mesaj transmis", "Mesaj redirecţionat"),
    ),
    "ru": Words(
        ("От", "От кого", "Отправитель"),
        ("Отправлено", "Дата", "Дата отправки"),
        ("Кому",),
        ("Тема",),
        ("Копия",),
        ("5 марта 2018 г. 10:15", "понедельник, 5 марта 2018, 10:15 +03:00"),
        ("Исходное сообщение", "Исходное письмо", "Оригинальное сообщение", "Первоначальное сообщение"),
        ("Пересылаемое сообщение", "Пересланное сообщение", "Перенаправленное сообщение", "Пересылаемое письмо"),
    ),
    "uk": Words(
        ("Від", "Від кого"),
        ("Надіслано", "Дата", "Відправлено"),
        ("Кому", "До"),
        ("Тема",),
        ("Копія",),
        ("5 березня 2018 р. 10:15",),
        ("Оригінальне повідомлення", "Вихідне повідомлення", "Початкове повідомлення"),
        ("Переслане повідомлення", "Пересланий лист", "Перенаправлене повідомлення"),
    ),
    "cs": Words(
        ("Od",),
        ("Odesláno", "Datum"),
        ("Komu", "Pro"),
        ("Předmět",),
        ("Kopie",),
        ("pondělí 5. března 2018 10:15", "5.3.2018 10:15"),
        ("Původní zpráva", "Původní e-mail", "Puvodni zprava"),
        ("Přeposlaná zpráva",),
    ),
    "sv": Words(
        ("Från",),
        ("Skickat", "Datum"),
        ("Till",),
        ("Ämne",),
        ("Kopia", "Cc"),
        ("den 5 mars 2018 10:15", "måndag 5 mars 2018 10:15"),
        ("Ursprungligt meddelande", "Originalmeddelande"),
        ("Vidarebefordrat meddelande", "Vidarebefordrat mejl"),
    ),
    "da": Words(
        ("Fra",),
        ("Sendt", "Dato"),
        ("Til",),
        ("Emne",),
        ("Cc",),
        ("5. marts 2018 10:15", "mandag den 5. marts 2018 10:15"),
        ("Oprindelig meddelelse", "Original meddelelse"),
        ("Videresendt meddelelse", "Videresendt besked"),
    ),
    "no": Words(
        ("Fra",),
        ("Sendt", "Dato"),
        ("Til",),
        ("Emne",),
        ("Kopi", "Cc"),
        ("mandag 5. mars 2018 10:15",),
        ("Opprinnelig melding", "Opprinnelig e-post", "Original melding"),
        ("Videresendt melding", "Videresendt e-post"),
    ),
    "fi": Words(
        ("Lähettäjä",),
        ("Lähetetty", "Päivämäärä", "Päiväys"),
        ("Vastaanottaja",),
        ("Aihe",),
        ("Kopio",),
        ("maanantai 5. maaliskuuta 2018 10.15", "5.3.2018 10:15"),
        ("Alkuperäinen viesti", "Alkuperäinen sähköposti"),
        ("Välitetty viesti", "Edelleenlähetetty viesti"),
    ),
    "tr": Words(
        ("Kimden", "Gönderen"),
        ("Gönderilme Tarihi", "Gönderildi", "Tarih", "Gönderilen"),
        ("Kime", "Alıcı"),
        ("Konu",),
        ("Bilgi", "Cc"),
        ("5 Mart 2018 Pazartesi 10:15", "05.03.2018 10:15"),
        ("Orijinal Mesaj", "Özgün İleti", "Orijinal İleti", "Orjinal Mesaj"),
        ("Yönlendirilmiş Mesaj", "İletilmiş ileti", "İletilen mesaj", "Yönlendirilen Mesaj"),
    ),
    "el": Words(
        ("Από",),
        ("Στάλθηκε", "Ημερομηνία", "Αποστολή", "Ημ/νία"),
        ("Προς", "Για"),
        ("Θέμα",),
        ("Κοιν.", "Κοινοποίηση"),
        ("Δευτέρα, 5 Μαρτίου 2018 10:15 πμ",),
        ("Αρχικό μήνυμα", "Αυθεντικό μήνυμα", "Πρωτότυπο μήνυμα"),
        ("Προωθημένο μήνυμα",),
    ),
    "hu": Words(
        ("Feladó", "Küldő"),
        ("Elküldve", "Dátum", "Küldve", "Küldés dátuma"),
        ("Címzett",),
        ("Tárgy",),
        ("Másolatot kap",),
        ("2018. március 5., hétfő 10:15", "2018. március 5. 10:15"),
        ("Eredeti üzenet", "Eredeti levél"),
        ("Továbbított üzenet", "Továbbított levél"),
    ),
    "ja": Words(
        ("差出人", "送信者", "From"),
        ("送信日時", "日時", "日付"),
        ("宛先", "To"),
        ("件名", "Subject"),
        ("CC",),
        ("2018年3月5日 10:15", "2018年3月5日月曜日 10:15"),
        ("元のメッセージ", "オリジナルメッセージ", "Original Message", "オリジナル メッセージ"),
        ("転送されたメッセージ", "転送メッセージ", "Forwarded message"),
    ),
    "zh": Words(
        ("发件人", "寄件者", "寄件人", "發件人"),
        ("发送时间", "寄件日期", "日期", "傳送時間", "时间", "傳送日期"),
        ("收件人", "收件者"),
        ("主题", "主旨", "標題", "主題"),
        ("抄送", "副本"),
        ("2018年3月5日 10:15", "2018年3月5日星期一 上午10:15", "2018-03-05 10:15"),
        ("原始邮件", "原始郵件", "原邮件", "邮件原件", "原始信件"),
        ("转发的邮件", "轉寄的郵件", "转发邮件", "轉寄郵件", "已转发邮件", "转发邮件信息"),
    ),
    "ko": Words(
        ("보낸 사람", "보낸사람", "발신"),
        ("보낸 날짜", "날짜", "전송", "보낸날짜"),
        ("받는 사람", "받는사람", "수신"),
        ("제목",),
        ("참조",),
        ("2018년 3월 5일 월요일 오전 10:15", "2018-03-05 10:15"),
        ("원본 메시지", "원본 메일", "원본메시지", "Original Message"),
        ("전달된 메시지", "전달된 메일", "전달 메시지"),
    ),
    "sk": Words(
        ("Od",),
        ("Odoslané", "Dátum"),
        ("Komu", "Pre"),
        ("Predmet",),
        ("Kópia",),
        ("pondelok 5. marca 2018 10:15", "5.3.2018 10:15"),
        ("Pôvodná správa",),
        ("Preposlaná správa",),
    ),
    "eu": Words(
        ("Nork", "Igorlea"), ("Bidalia", "Data"), ("Nori", "Hartzailea"), ("Gaia",), ("Cc",),
        ("2018-03-05 10:15", "astelehena, 2018(e)ko martxoak 5 10:15"), ("Jatorrizko mezua",), ("Birbidalitako mezua",),
    ),
    "fa": Words(
        ("از", "فرستنده"), ("تاریخ ارسال", "تاریخ"), ("به",), ("موضوع",), ("رونوشت",),
        ("۲۰۱۸/۳/۵ ۱۰:۱۵", "5.3.2018 10:15"), ("پیام اصلی",), ("پیام هدایت‌شده",),
    ),
    "hi": Words(
        ("से", "प्रेषक"), ("भेजा गया", "दिनांक"), ("को",), ("विषय",), ("प्रतिलिपि",),
        ("5 मार्च 2018 10:15", "५/३/२०१८ १०:१५"), ("मूल संदेश",), ("अग्रेषित संदेश",),
    ),
    "th": Words(
        ("จาก",), ("ส่งเมื่อ", "วันที่"), ("ถึง",), ("เรื่อง",), ("สำเนา",),
        ("5 มีนาคม 2561 10:15", "5/3/2018 10:15"), ("ข้อความต้นฉบับ",), ("ข้อความที่ส่งต่อ",),
    ),
    "ka": Words(
        ("გამგზავნი", "ვისგან"), ("გაგზავნილია", "თარიღი"), ("მიმღები", "ვის"), ("თემა",), ("ასლი",),
        ("5 მარტი, 2018 10:15", "05.03.2018 10:15"), ("ორიგინალი შეტყობინება",), ("გადაგზავნილი შეტყობინება",),
    ),
    "sr": Words(
        ("Од", "Шаље"), ("Послато", "Датум"), ("За", "Коме"), ("Тема", "Наслов"), ("Копија",),
        ("понедељак, 5. март 2018. 10:15", "05.03.2018. 10:15"), ("Изворна порука", "Оригинална порука"), ("Прослеђена порука",),
    ),
    "mk": Words(
        ("Од",), ("Испратено", "Датум"), ("До",), ("Предмет",), ("Копија",),
        ("5 март 2018 10:15", "05.03.2018 10:15"), ("Оригинална порака",), ("Препратена порака",),
    ),
}
