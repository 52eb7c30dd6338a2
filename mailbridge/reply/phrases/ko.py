"""Korean."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

KO = LanguagePhrases(
    code="ko",
    attribution=(
        "{when} {who} 님이 작성",
        "{when}, {who}님이 작성",
        "{when} {who} 작성",
        "{when} {who}님이 다음과 같이 작성",
        "{when}에 {who} 님이 쓴 글",
        "{when} {who} 님이 쓰셨습니다",
        "{when} {who} 님이 작성한 내용",
        "{when} {who} 씀",
        "{who} 님이 {when} 작성",
        "{who}님이 {when}에 작성",
        "{who} 님이 작성",
        "{when} {who} 님이 보낸 메일",
        "{when} {who} 이(가) 작성",
        "{when}에 {who} 이(가) 쓴 글",
        "{when} {who} 쓴 글",
        "{when} {who} 이(가) 쓴 메시지",
    ),
    sender=("보낸 사람", "보낸사람", "발신", "발신자", "from"),
    date=(
        "보낸 날짜", "날짜", "보낸날짜", "전송 날짜", "일시", "보낸 시간", "보낸시간", "date", "전송", "보낸 일시",
        "발송일", "발신일시",
    ),
    to=("받는 사람", "받는사람", "수신", "수신자", "to"),
    cc=("참조", "숨은 참조", "cc"),
    subject=("제목", "subject"),
    original=(
        "원본 메시지", "원본 메일", "원본메시지", "original message", "원문", "원본메일", "원본 약속",
        "원본 이메일", "원문 메시지",
    ),
    forwarded=(
        "전달된 메시지", "전달된 메일", "전달 메시지", "전달받은 메시지", "전달된 이메일", "forwarded message",
        "전달된 메시지 시작", "전달 메일",
    ),
    mobile=(
        "나의 {thing}에서 보냄",
        "내 {thing}에서 보냄",
        "{thing}에서 보냄",
        "{thing} 에서 보냄",
        "{thing}에서 전송됨",
        "{thing}에서 보냈습니다",
        "{thing}용 outlook 받기",
        "{thing}용 outlook 다운로드",
        "{thing}을 통해 보냄",
        "{thing}를 통해 보냄",
        "{thing}로 보냄",
        "{thing}으로 보냄",
        "{thing}에서 발송됨",
    ),
    sign_offs=(
        "안녕히 계세요", "드림", "올림", "수고하세요", "좋은 하루 되세요", "배상", "수고하십시오", "안녕히 계십시오",
        "그럼 수고하세요", "미리 감사드립니다",
    ),
    thanks=("감사합니다", "고맙습니다", "감사드립니다", "감사합니다.", "감사합니다. 수고하세요"),
    disclaimers=(
        "이 메일은 기밀", "본 메일은", "기밀 정보", "수신자가 아닌 경우", "본 이메일은", "수신인이 아닌",
        "잘못 전송된",
    ),
    months=("1월", "2월", "3월", "4월", "5월", "6월", "7월", "8월", "9월", "10월", "11월", "12월"),
    other=("첨부", "첨부파일", "회신", "중요도"),
    reply_prefixes=("회신", "답장", "re"),
    forward_prefixes=("전달", "fw"),
)
