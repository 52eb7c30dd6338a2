"""Indonesian and Malay."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

ID = LanguagePhrases(
    code="id",
    attribution=(
        "Pada {when} {who} menulis",
        "Pada tanggal {when} {who} menulis",
        "Pada tarikh {when} {who} menulis",
        "{when} {who} menulis",
        "{who} menulis pada {when}",
        "{who} menulis",
    ),
    sender=("dari", "pengirim", "daripada"),
    date=("dikirim", "tanggal", "tarikh", "dihantar"),
    to=("kepada", "ke", "untuk"),
    cc=("cc", "tembusan"),
    subject=("perihal", "subjek", "judul", "subyek"),
    original=("pesan asli", "pesan asal", "mesej asal"),
    forwarded=(
        "pesan terusan", "pesan yang diteruskan", "pesan diteruskan", "mesej dimajukan", "mulai pesan yang diteruskan",
    ),
    mobile=(
        "dikirim dari {thing}",
        "terkirim dari {thing}",
        "dihantar daripada {thing}",
        "dikirim dengan {thing}",
        "dapatkan outlook untuk {thing}",
    ),
    sign_offs=(
        "hormat saya", "salam", "salam hormat", "hormat kami", "salam hangat", "sekian dan terima kasih",
    ),
    thanks=("terima kasih", "sekian, terima kasih"),
    disclaimers=("email ini bersifat rahasia", "informasi rahasia"),
    months=(
        "januari jan januar", "februari feb", "maret mar mac", "april apr", "mei", "juni jun", "juli jul",
        "agustus agu agt ogos", "september sep", "oktober okt", "november nov", "desember des disember",
    ),
    reply_prefixes=("bls",),
    forward_prefixes=("trs",),
)
