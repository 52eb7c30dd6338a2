"""Agents write articles by mail: `#kb new` makes a draft of the mail, and a manager of the team accepts or rejects it by mail."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.conversation.tokens import MOST_TOKENS, Life, Purpose
from mailbridge.execution.desk import Desk
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.knowledge.model import article_name
from mailbridge.mail_commands.model import DecideArticle, WriteArticle
from mailbridge.message.markdown import MOST_MARKDOWN
from mailbridge.notifications.compose import agent_notification
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.knowledge import ArticleNews, ArticleRow
from mailbridge.notifications.recipients import Recipient, managers_of
from mailbridge.organisation.model import Agent, Organisation, Team
from mailbridge.store.articles import ArticleState, WrittenArticle
from mailbridge.store.tx import Tx

LONGEST_TITLE = 200


def written(tx: Tx, desk: Desk, mail: PlacedMail, asked: str, question: WriteArticle) -> tuple[ArticleNews, list[Notification]]:
    """The draft is stored.  What its writer is told, and the questions to those who decide about it."""
    title = " ".join((question.title or mail.message.subject).split())[:LONGEST_TITLE]
    text = mail.parsed.text.strip()
    agent = desk.organisation.agents[mail.agent]
    if not title or not text or len(text) > MOST_MARKDOWN:
        return ArticleNews(asked=asked, step="empty"), []
    draft = tx.articles.add(
        title=title,
        language=mail.message.language or agent.language or desk.config.desk.language,
        text=text,
        team=next(iter(desk.organisation.teams_of(mail.agent)), ""),
        author=mail.agent,
        above=max((one.number for one in desk.knowledge.articles), default=0),
        now=mail.now,
    )
    news = ArticleNews(asked=asked, step="waits", article=(_row(draft),), who=_titles(_deciders(desk.organisation, draft, mail)))
    return news, _asked_of(desk, mail, draft, agent)


def decided(tx: Tx, desk: Desk, mail: PlacedMail, asked: str, question: DecideArticle) -> tuple[ArticleNews, list[Notification]]:
    """The draft is accepted or rejected, where the writer of the mail may decide and nobody has yet.  What the writer is told, and the mail
    to the author."""
    draft = tx.articles.get(question.number)
    if draft is None:
        return ArticleNews(asked=asked, step="unknown"), []
    row, me = (_row(draft),), desk.organisation.agents[mail.agent]
    if not may_decide(me, draft, desk.organisation):
        return ArticleNews(asked=asked, step="not-yours", article=row), []
    became = ArticleState.ACCEPTED if question.accept else ArticleState.REJECTED
    step = became if tx.articles.decide(draft.number, became, mail.agent, mail.now) else "decided-before"
    told = list[Notification]()
    author = desk.organisation.agents.get(draft.author)
    if step == became and author is not None and author.active and author.name != mail.agent:
        news = ArticleNews(asked=f"{article_name(draft.number)} {draft.title}", step=step, article=row, who=me.title)
        told.append(_news(desk, _recipient(author), f"{draft.number}.{step}", news))
    return ArticleNews(asked=asked, step=step, article=row, who=me.title), told


def asked_about(desk: Desk, mail: PlacedMail) -> frozenset[int]:
    """The articles about which the agent was asked: the mail goes to the signed address of that question."""
    agent = desk.organisation.agents[mail.agent]
    addresses = (*mail.arrival.envelope.rcpt_to, *(one.address for one in mail.message.recipients))
    tokens = (desk.signer.in_address(address) for address in addresses[:MOST_TOKENS])
    return frozenset(
        token.ticket
        for token in tokens
        if token is not None
        and token.purpose is Purpose.ARTICLE
        and desk.signer.holder(token, [agent.address])
        and desk.signer.life(token) is Life.ACTS
    )


def may_decide(agent: Agent, draft: WrittenArticle, organisation: Organisation) -> bool:
    """Managers of the draft's team, and managers of the desk where the team has none."""
    team = organisation.teams.get(draft.team)
    return agent.active and (agent.name in team.managers if team and team.managers else agent.manager)


def _asked_of(desk: Desk, mail: PlacedMail, draft: WrittenArticle, author: Agent) -> list[Notification]:
    """The question to those who decide."""
    title = f"{article_name(draft.number)} {draft.title}"
    news = ArticleNews(asked=title, step="review", article=(_row(draft),), who=author.title)
    people = _deciders(desk.organisation, draft, mail)
    addresses = {one: desk.signer.reply_address(draft.number, one.address, Purpose.ARTICLE) for one in people}
    return [_news(desk, one, f"{draft.number}.review", news, address) for one, address in addresses.items()]


def _deciders(organisation: Organisation, draft: WrittenArticle, mail: PlacedMail) -> tuple[Recipient, ...]:
    team = organisation.teams.get(draft.team) or Team(name="", title="")
    return tuple(
        one
        for one in managers_of(team, organisation, mail.now)
        if (agent := organisation.agent_of(one.address)) is not None and may_decide(agent, draft, organisation)
    ) or tuple(_recipient(agent) for agent in organisation.agents.values() if may_decide(agent, draft, organisation))


def _news(desk: Desk, to: Recipient, key: str, news: ArticleNews, address: str = "") -> Notification:
    return replace(agent_notification(to, "article_news", f"article:{key}", news, desk.config.desk.address), reply_to=address)


def _row(draft: WrittenArticle) -> ArticleRow:
    return ArticleRow(number=article_name(draft.number), title=draft.title, text=draft.text, whole=True)


def _recipient(agent: Agent) -> Recipient:
    return Recipient(address=agent.address, name=agent.title, language=agent.language)


def _titles(people: tuple[Recipient, ...]) -> str:
    return ", ".join(one.name for one in people)
