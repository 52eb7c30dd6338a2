"""What messages for chat rooms say, in the language of the ticket's team.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatWords:
    """`headlines` by event, `labels` and `priorities` by the English label and the key."""

    headlines: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)
    priorities: Mapping[str, str] = field(default_factory=dict)


WORDS: Mapping[str, ChatWords] = {
    "en": ChatWords(
        headlines={
            "received": "Request received", "taken": "Work has begun", "answered": "Answered", "waiting": "Waiting for the customer",
            "changed": "State changed", "closed": "Closed", "reopened": "Reopened", "added": "Person added", "escalated": "Escalated",
            "merged": "Merged", "split": "Split", "estimate": "Estimate", "hours": "Hours of the contract", "new": "New ticket",
            "customer_replied": "The customer replied", "colleague_answered": "An agent wrote", "assigned": "Assigned",
            "awake": "Snooze ended", "undone": "Change undone", "bounced": "Mail not delivered",
            "over_estimate": "More work than estimated", "warning": "Due soon", "due": "Due", "level": "SLA target", "overdue": "Overdue",
            "unclaimed": "Nobody has taken it", "silent": "No activity",
        },
    ),
    "ro": ChatWords(
        headlines={
            "received": "Solicitare primită", "taken": "Se lucrează la ea", "answered": "S-a răspuns", "waiting": "Se așteaptă clientul",
            "changed": "Stare schimbată", "closed": "Închis", "reopened": "Redeschis", "added": "Persoană adăugată",
            "escalated": "Escaladat", "merged": "Unificat", "split": "Separat", "estimate": "Estimare", "hours": "Orele contractului",
            "new": "Tichet nou", "customer_replied": "Clientul a răspuns", "colleague_answered": "A scris un agent",
            "assigned": "Atribuit", "awake": "Amânarea s-a încheiat", "undone": "Modificare anulată", "bounced": "E-mail nelivrat",
            "over_estimate": "Mai multă muncă decât s-a estimat", "warning": "Termen apropiat", "due": "Scadent", "level": "Țintă SLA",
            "overdue": "Termen depășit", "unclaimed": "Nu l-a preluat nimeni", "silent": "Fără activitate",
        },
        labels={
            "From": "De la", "Team": "Echipă", "Assignee": "Responsabil", "Status": "Stare", "Priority": "Prioritate", "Due": "Termen",
        },
        priorities={"low": "mică", "normal": "normală", "high": "mare", "urgent": "urgentă"},
    ),
    "ru": ChatWords(
        headlines={
            "received": "Обращение получено", "taken": "Взято в работу", "answered": "Ответ отправлен", "waiting": "Ждёт ответа клиента",
            "changed": "Статус изменён", "closed": "Закрыто", "reopened": "Снова открыто", "added": "Добавлен участник",
            "escalated": "Эскалация", "merged": "Объединено", "split": "Разделено", "estimate": "Оценка", "hours": "Часы по договору",
            "new": "Новая заявка", "customer_replied": "Ответ клиента", "colleague_answered": "Сообщение сотрудника",
            "assigned": "Назначено", "awake": "Отсрочка закончилась", "undone": "Изменение отменено", "bounced": "Письмо не доставлено",
            "over_estimate": "Работы больше, чем по оценке", "warning": "Скоро срок", "due": "Срок наступил", "level": "Цель SLA",
            "overdue": "Срок прошёл", "unclaimed": "Никто не взял в работу", "silent": "Нет активности",
        },
        labels={
            "From": "От", "Team": "Группа", "Assignee": "Исполнитель", "Status": "Статус", "Priority": "Приоритет", "Due": "Срок",
        },
        priorities={"low": "низкий", "normal": "обычный", "high": "высокий", "urgent": "срочный"},
    ),
}  # fmt: skip


def words_in(language: str) -> ChatWords:
    """The words in this language, else in English."""
    return WORDS.get(language.partition("-")[0].lower(), WORDS["en"])
