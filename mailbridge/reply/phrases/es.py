"""Spanish."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

ES = LanguagePhrases(
    code="es",
    attribution=(
        "El {when} {who} escribió",
        "El {when} {who} escribio",
        "El {when} {who} escribía",
        "El {when} {who} ha escrito",
        "El {when} escribió {who}",
        "En {when} {who} escribió",
        "A las {when} {who} escribió",
        "{when} {who} escribió",
        "{who} escribió el {when}",
        "{who} escribió",
        "{who} ha escrito",
    ),
    sender=("de", "remitente", "desde"),
    date=(
        "enviado", "fecha", "enviado el", "enviado a", "fecha de envío", "enviada", "enviado a las", "enviado en",
        "enviada el", "fecha y hora",
    ),
    to=("para", "a", "destinatario"),
    cc=("cc", "cco", "con copia", "copia"),
    subject=("asunto", "tema"),
    original=(
        "mensaje original", "correo original", "mensaje original de", "cita original", "mensaje inicial",
        "mensaje anterior",
    ),
    forwarded=(
        "mensaje reenviado", "inicio del mensaje reenviado", "correo reenviado", "mensaje enviado", "reenviado por",
        "comienzo del mensaje reenviado", "inicio de mensaje reenviado",
    ),
    mobile=(
        "enviado desde mi {thing}",
        "enviado desde {thing}",
        "enviado con {thing}",
        "enviado de mi {thing}",
        "enviado mediante {thing}",
        "enviado vía {thing}",
        "obtener outlook para {thing}",
        "obtén outlook para {thing}",
        "descargar outlook para {thing}",
        "libre de virus {thing}",
        "enviado a través de {thing}",
        "disculpe la brevedad",
        "por favor disculpe la brevedad",
        "obtenga outlook para {thing}",
        "consigue outlook para {thing}",
    ),
    sign_offs=(
        "saludos", "un saludo", "saludos cordiales", "atentamente", "cordialmente", "un cordial saludo",
        "reciba un cordial saludo", "un abrazo", "atte", "muy atentamente", "saludos y gracias", "cordial saludo",
        "reciban un cordial saludo", "un fuerte abrazo", "quedo atento", "quedo a la espera", "sin otro particular",
        "mis saludos", "saludos atentos", "que tenga un buen día", "le saluda atentamente",
        "saludos cordiales y gracias",
    ),
    thanks=("muchas gracias", "gracias", "gracias de antemano", "gracias y saludos", "mil gracias"),
    disclaimers=(
        "este mensaje y sus archivos adjuntos", "este mensaje es confidencial",
        "este correo electrónico es confidencial", "información confidencial", "si usted no es el destinatario",
        "si no es usted el destinatario", "piense en el medio ambiente", "antes de imprimir", "libre de virus",
        "protección de datos", "exclusivamente a su destinatario", "este mensaje contiene información",
        "no es el destinatario", "recibido este mensaje por error", "uso exclusivo", "está prohibida",
        "es confidencial",
    ),
    months=(
        "enero ene", "febrero feb", "marzo mar", "abril abr", "mayo may", "junio jun", "julio jul", "agosto ago",
        "septiembre sep sept set", "octubre oct", "noviembre nov", "diciembre dic",
    ),
    other=("responder a", "datos adjuntos", "adjuntos", "importancia", "prioridad"),
    reply_prefixes=("re", "rv-re", "resp"),
    forward_prefixes=("rv", "reenv", "renv"),
    prose=("nuestro", "nuestra", "nuestros", "mis", "sus", "una", "pero", "estaba", "fue", "yo"),
)
