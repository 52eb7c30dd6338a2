"""Vietnamese."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

VI = LanguagePhrases(
    code="vi",
    attribution=(
        "Vào {when} {who} đã viết",
        "Vào lúc {when} {who} đã viết",
        "Ngày {when} {who} đã viết",
        "{who} đã viết vào {when}",
        "{when} {who} đã viết",
        "{who} đã viết",
    ),
    sender=("từ", "người gửi"),
    date=("đã gửi", "ngày", "ngày gửi", "gửi lúc", "thời gian"),
    to=("đến", "tới", "người nhận", "gửi đến"),
    cc=("cc", "đồng gửi"),
    subject=("chủ đề", "tiêu đề"),
    original=("tin nhắn gốc", "thư gốc"),
    forwarded=(
        "tin nhắn được chuyển tiếp", "thư được chuyển tiếp", "bắt đầu tin nhắn được chuyển tiếp", "thư đã chuyển tiếp",
    ),
    mobile=("đã gửi từ {thing}", "được gửi từ {thing}", "gửi từ {thing} của tôi"),
    sign_offs=("trân trọng", "thân ái", "trân trọng cảm ơn", "kính thư", "thân mến", "trân trọng kính chào"),
    thanks=("cảm ơn", "xin cảm ơn"),
    disclaimers=("email này có thể chứa thông tin bí mật", "thông tin bảo mật"),
    months=(
        "thg1 tháng1", "thg2 tháng2", "thg3 tháng3", "thg4 tháng4", "thg5 tháng5", "thg6 tháng6", "thg7 tháng7",
        "thg8 tháng8", "thg9 tháng9", "thg10 tháng10", "thg11 tháng11", "thg12 tháng12",
    ),
    reply_prefixes=("tl", "trả"),
    forward_prefixes=("ct",),
)
