"""Turkish."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

TR = LanguagePhrases(
    code="tr",
    attribution=(
        "{who}, {when} tarihinde şunu yazdı",
        "{who} {when} tarihinde şunu yazdı",
        "{who} {when} tarihinde şunları yazdı",
        "{who} {when} tarihinde yazdı",
        "{who} {when} şunu yazdı",
        "{when} tarihinde {who} şunu yazdı",
        "{when} tarihinde {who} şöyle yazdı",
        "{when} tarihinde {who} yazdı",
        "{when} tarihinde {who} yazmış",
        "{when} {who} şunu yazdı",
        "{when} {who} şunları yazdı",
        "{when} {who} yazdı",
        "{who} şunları yazdı ({when}",
        "{who} şunu yazdı ({when}",
        "{who} şunu yazdı",
        "{who} şunları yazdı",
        "{who} yazdı",
    ),
    sender=("kimden", "gönderen", "from"),
    date=(
        "gönderildi", "tarih", "gönderme tarihi", "gönderim tarihi", "gönderilme tarihi", "gönderilen", "gönderim",
        "gönderme zamanı",
    ),
    to=("kime", "alıcı", "to"),
    cc=("bilgi", "cc", "gizli"),
    subject=("konu",),
    original=(
        "orijinal mesaj", "özgün ileti", "orijinal ileti", "asıl mesaj", "özgün mesaj", "orjinal mesaj",
        "orijinal e-posta", "özgün e-posta", "asıl ileti",
    ),
    forwarded=(
        "iletilen mesaj", "yönlendirilen mesaj", "iletilen ileti", "yönlendirilmiş mesaj",
        "başlangıç iletilen ileti", "iletilmiş mesaj", "iletilmiş ileti başlangıcı", "yönlendirilen ileti",
        "iletilmiş ileti", "yönlendirilmiş ileti", "iletilen e-posta",
    ),
    mobile=(
        "{thing} gönderildi",
        "{thing} cihazımdan gönderildi",
        "{thing} telefonumdan gönderildi",
        "{thing}'umdan gönderildi",
        "{thing}’umdan gönderildi",
        "{thing}'dan gönderildi",
        "{thing} için outlook'u edinin",
        "{thing} için outlook’u edinin",
        "{thing} için outlook'u alın",
        "{thing} ile gönderildi",
        "{thing} üzerinden gönderildi",
        "{thing} aracılığıyla gönderildi",
        "{thing} için outlook'u indirin",
    ),
    sign_offs=(
        "saygılarımla", "saygılarımızla", "iyi çalışmalar", "iyi günler", "sevgiler", "selamlar", "saygılar",
        "kolay gelsin", "şimdiden teşekkürler", "en iyi dileklerimle", "sevgi ve saygılarımla", "iyi günler dilerim",
        "iyi çalışmalar dilerim", "selam ve saygılarımla",
    ),
    thanks=("teşekkürler", "teşekkür ederim", "teşekkür ederiz"),
    disclaimers=(
        "bu e-posta gizlidir", "bu mesaj ve ekleri", "gizli bilgi", "bu e-posta ve ekleri",
        "mesajın muhatabı değilseniz", "virüssüz", "bu ileti ve ekleri", "gizli bilgiler", "muhatabı değilseniz",
        "yalnızca alıcısı", "alıcısı değilseniz",
    ),
    months=(
        "ocak oca", "şubat şub", "mart mar", "nisan nis", "mayıs may", "haziran haz", "temmuz tem", "ağustos ağu",
        "eylül eyl", "ekim eki", "kasım kas", "aralık ara",
    ),
    other=("yanıtla", "ekler", "önem", "yanıt adresi"),
    reply_prefixes=("ynt", "yanıt", "cvp"),
    forward_prefixes=("ilt", "ynl"),
    prose=("bizim", "benim", "ama", "ben"),
)
