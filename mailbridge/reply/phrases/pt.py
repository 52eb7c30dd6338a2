"""Portuguese, of Portugal and of Brazil."""

from __future__ import annotations

from mailbridge.reply.phrases.model import Phrases

PT = Phrases(
    code="pt",
    attribution=(
        "Em {when} {who} escreveu",
        "Em {when} {who} escreveu o seguinte",
        "Em {when} escreveu {who}",
        "Em {when} {who} disse",
        "No dia {when} {who} escreveu",
        "A {when} {who} escreveu",
        "Às {when} {who} escreveu",
        "{when} {who} escreveu",
        "{who} escreveu em {when}",
        "{who} escreveu no dia {when}",
        "{who} escreveu (em {when}",
        "{who} escreveu às {when}",
        "{who} escreveu",
        "Citando {who}",
    ),
    sender=("de", "remetente"),
    date=("enviado", "data", "enviada em", "enviado em", "enviada", "data de envio"),
    to=("para", "destinatário", "a"),
    cc=("cc", "cco", "cópia", "c/c"),
    subject=("assunto",),
    original=("mensagem original", "mensagem de origem", "e-mail original", "mensagem anterior"),
    forwarded=(
        "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem encaminhada",
        "início da mensagem reencaminhada", "início de mensagem reencaminhada", "encaminhado por", "forwarded message",
        "e-mail encaminhado", "mensagem enviada",
    ),
    mobile=(
        "enviado do meu {thing}",
        "enviado de meu {thing}",
        "enviado do {thing}",
        "enviado pelo {thing}",
        "enviado a partir do {thing}",
        "enviado a partir do meu {thing}",
        "enviado via {thing}",
        "enviado com {thing}",
        "enviado da {thing}",
        "obter o outlook para {thing}",
        "obter outlook para {thing}",
        "baixar o outlook para {thing}",
        "livre de vírus {thing}",
    ),
    sign_offs=(
        "atenciosamente", "cordialmente", "cumprimentos", "com os melhores cumprimentos", "melhores cumprimentos",
        "os melhores cumprimentos", "abraços", "abraço", "um abraço", "grato", "grata", "desde já obrigado",
        "saudações", "at.te", "atte", "respeitosamente", "sinceramente", "com cumprimentos", "desde já agradeço",
        "cpts", "abs", "agradeço desde já", "com estima", "bom trabalho", "bom dia e obrigado",
    ),
    thanks=("obrigado", "obrigada", "muito obrigado", "muito obrigada", "att", "obrigado desde já"),
    disclaimers=(
        "esta mensagem é confidencial", "esta mensagem e seus anexos",
        "esta mensagem pode conter informação confidencial", "informações confidenciais",
        "se você não é o destinatário", "se não é o destinatário", "antes de imprimir", "pense no meio ambiente",
        "livre de vírus", "esta mensagem, incluindo seus anexos", "este e-mail e os seus anexos",
        "recebeu esta mensagem por engano",
    ),
    months=(
        "janeiro jan", "fevereiro fev", "março mar marco", "abril abr", "maio mai", "junho jun", "julho jul",
        "agosto ago", "setembro set", "outubro out", "novembro nov", "dezembro dez",
    ),
    other=("responder a", "responder para", "anexos", "anexo", "prioridade", "importância"),
    reply_prefixes=("res", "resp"),
    forward_prefixes=("enc", "encam"),
)
