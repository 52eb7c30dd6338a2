"""Builds the organisation from the validated values of teams.yaml, sla.yaml, statuses.yaml, types.yaml and customers.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any

from mailbridge.customers.asking import Asking, Otherwise, WhoMayAsk
from mailbridge.customers.entry import Named
from mailbridge.customers.model import Contract, Customer, Customers, Equipment, Location, Person, Project, ServiceLevel, customers
from mailbridge.organisation.model import (
    DIGEST,
    Agent,
    AnswersAs,
    ClosedPolicy,
    CopiedPolicy,
    Organisation,
    Outsiders,
    ReplyMarker,
    Team,
    TeamAudience,
    UnknownLines,
)
from mailbridge.organisation.people import Absence, Consultant, EscalationChain, EscalationStep, OnCallSchedule, RatingPolicy, Swap
from mailbridge.organisation.priority import Priority
from mailbridge.organisation.transitions import DEFAULTS
from mailbridge.rules.files.statuses import status_of
from mailbridge.rules.policy import Levels
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Targets
from mailbridge.sla.closed_times import without
from mailbridge.sla.contact_questions import ContactQuestion
from mailbridge.sla.day_sources import DaySources

Values = Mapping[str, Any]

# Two people with addresses of such a domain are no colleagues (TH2).
FREEMAIL = frozenset((
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "ymail.com", "aol.com",
    "icloud.com", "me.com", "mac.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "posteo.de",
    "mailbox.org", "proton.me", "protonmail.com", "tutanota.com", "tuta.io", "mail.ru", "bk.ru", "list.ru", "inbox.ru", "yandex.ru",
    "ya.ru", "rambler.ru", "ukr.net", "i.ua", "seznam.cz", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "free.fr", "orange.fr",
    "wanadoo.fr", "laposte.net", "libero.it", "virgilio.it", "hotmail.fr", "hotmail.co.uk", "yahoo.fr", "yahoo.de", "yahoo.co.uk",
    "yahoo.ro", "qq.com", "163.com", "126.com", "naver.com", "daum.net", "zoho.com", "fastmail.com", "hey.com",
    "hotmail.be", "hotmail.ca", "hotmail.ch", "hotmail.co.jp", "hotmail.com.ar", "hotmail.com.au", "hotmail.com.br", "hotmail.com.mx",
    "hotmail.com.tr", "hotmail.cz", "hotmail.de", "hotmail.dk", "hotmail.es", "hotmail.fi", "hotmail.gr", "hotmail.hu", "hotmail.it",
    "hotmail.nl", "hotmail.no", "hotmail.pt", "hotmail.ro", "hotmail.se", "outlook.at", "outlook.be", "outlook.cl", "outlook.co.id",
    "outlook.co.jp", "outlook.com.ar", "outlook.com.au", "outlook.com.br", "outlook.com.gr", "outlook.com.tr", "outlook.cz",
    "outlook.de", "outlook.dk", "outlook.es", "outlook.fr", "outlook.hu", "outlook.ie", "outlook.in", "outlook.it", "outlook.jp",
    "outlook.kr", "outlook.nl", "outlook.pt", "outlook.ro", "outlook.sk", "live.at", "live.be", "live.ca", "live.ch", "live.cl",
    "live.cn", "live.co.uk", "live.com.ar", "live.com.au", "live.com.mx", "live.com.pt", "live.de", "live.dk", "live.fi", "live.fr",
    "live.ie", "live.in", "live.it", "live.nl", "live.no", "live.ru", "live.se", "yahoo.at", "yahoo.be", "yahoo.ca", "yahoo.ch",
    "yahoo.co.id", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.kr", "yahoo.co.nz", "yahoo.com.ar", "yahoo.com.au", "yahoo.com.br",
    "yahoo.com.hk", "yahoo.com.mx", "yahoo.com.ph", "yahoo.com.sg", "yahoo.com.tr", "yahoo.com.tw", "yahoo.com.vn", "yahoo.cz",
    "yahoo.dk", "yahoo.es", "yahoo.fi", "yahoo.gr", "yahoo.hu", "yahoo.ie", "yahoo.in", "yahoo.it", "yahoo.nl", "yahoo.no", "yahoo.pl",
    "yahoo.pt", "yahoo.se", "rocketmail.com", "myyahoo.com", "passport.com", "comcast.net", "verizon.net", "att.net", "sbcglobal.net",
    "bellsouth.net", "cox.net", "charter.net", "earthlink.net", "juno.com", "shaw.ca", "rogers.com", "sympatico.ca", "videotron.ca",
    "telus.net", "btinternet.com", "sky.com", "talktalk.net", "virginmedia.com", "ntlworld.com", "blueyonder.co.uk", "bigpond.com",
    "bigpond.net.au", "optusnet.com.au", "xtra.co.nz", "sfr.fr", "neuf.fr", "bbox.fr", "numericable.fr", "aliceadsl.fr", "bluewin.ch",
    "hispeed.ch", "sunrise.ch", "tiscali.it", "alice.it", "tin.it", "tim.it", "inwind.it", "iol.it", "fastwebnet.it", "arcor.de",
    "vodafone.de", "online.de", "email.de", "aon.at", "chello.at", "telenet.be", "skynet.be", "proximus.be", "ziggo.nl", "kpnmail.nl",
    "planet.nl", "hetnet.nl", "xs4all.nl", "home.nl", "telia.com", "telia.se", "bredband.net", "online.no", "telefonica.net",
    "terra.es", "sapo.pt", "uol.com.br", "bol.com.br", "terra.com.br", "ig.com.br", "globo.com", "gazeta.pl", "poczta.onet.pl", "op.pl",
    "vp.pl", "tlen.pl", "centrum.cz", "email.cz", "post.cz", "volny.cz", "azet.sk", "zoznam.sk", "centrum.sk", "freemail.hu",
    "citromail.hu", "t-online.hu", "abv.bg", "mail.bg", "inbox.lv", "one.lt", "siol.net", "net.hr", "mail.ee", "yandex.com",
    "yandex.by", "yandex.kz", "yandex.ua", "internet.ru", "bigmir.net", "meta.ua", "tut.by", "mail.kz", "sina.com", "sina.cn",
    "sohu.com", "139.com", "189.cn", "foxmail.com", "yeah.net", "hanmail.net", "nate.com", "docomo.ne.jp", "ezweb.ne.jp",
    "softbank.ne.jp", "rediffmail.com", "walla.co.il", "walla.com", "netvision.net.il", "mynet.com", "mail.com", "email.com", "usa.com",
    "gmx.com", "gmx.fr", "gmx.co.uk", "gmx.es", "gmx.us", "caramail.com", "pm.me", "protonmail.ch", "tutanota.de", "tutamail.com",
    "keemail.me", "zohomail.com", "zohomail.eu", "fastmail.fm", "duck.com", "mozmail.com", "simplelogin.com", "runbox.com",
    "disroot.org", "riseup.net",
))  # fmt: skip


def organisation(
    teams: Values, sla: Values, statuses: Values, types: Values, about_customers: Values, sources: DaySources
) -> Organisation:
    """The organisation of these files, with the days of these sources."""
    calendars = {name: _calendar(name, values, sources) for name, values in teams.get("hours", {}).items()}
    agents = teams["agents"]
    return Organisation(
        calendars=calendars,
        teams={name: _team(name, values, teams["teams"], calendars) for name, values in teams["teams"].items()},
        agents={name: _agent(name, values, calendars) for name, values in agents.items()},
        statuses=DEFAULTS | {name: status_of(name, values) for name, values in statuses.get("statuses", {}).items()},
        types=tuple(types.get("types", ())),
        estimates={name: round(usual.total_seconds() / 60) for name, usual in types.get("estimates", {}).items()},
        tags=tuple(types.get("tags", ())),
        targets=_targets(sla.get("targets", {})),
        default_team=teams["default"],
        chains={name: _chain(name, steps) for name, steps in teams.get("escalations", {}).items()},
        consultants={name: Consultant(name=name, **values) for name, values in teams.get("consultants", {}).items()},
        freemail=FREEMAIL | frozenset(about_customers.get("freemail", ())),
        colleagues=about_customers.get("colleagues", True),
    )


def levels(sla: Values) -> Levels:
    """The named SLA targets, for contracts and the action `sla`."""
    return {name: _targets(values) for name, values in sla.get("levels", {}).items()}


def customers_of(about: Values, named: Named | None = None) -> Customers:
    """The customers with their indexes.  `named`: the places of what the files say about them."""
    every = tuple(_customer(name, values) for name, values in about.get("customers", {}).items())
    return customers(every, named, _asking(about.get("asking")))


def _agent(name: str, values: Values, calendars: Mapping[str, Calendar]) -> Agent:
    skills: Mapping[str, int] = values.get("skills", {})
    return Agent(
        name=name,
        title=values["title"],
        address=values["address"],
        addresses=values.get("addresses", ()),
        manager=values["manager"],
        observer=values["role"] == "observer",
        active=values.get("active", True),
        language=values.get("language", "en"),
        skills=tuple(skills),
        levels={skill: level for skill, level in skills.items() if level > 1},
        calendar=calendars[values["hours"]] if "hours" in values else None,
        zone=values.get("zone", ""),
        absences=tuple(Absence(first=one["from"], last=one["to"], deputy=one.get("deputy", "")) for one in values.get("absences", ())),
        invitations=values.get("invitations", False),
        blocks=values.get("may-block", False),
        digest=values.get("digest", DIGEST),
        digest_of_own=values.get("digest") is not None,
    )


def _team(name: str, values: Values, every: Mapping[str, Values], calendars: Mapping[str, Calendar]) -> Team:
    usual = Team(name=name, title=name)
    calendar = calendars[values["hours"]] if "hours" in values else Calendar()
    follow: tuple[str, ...] = values.get("follow", ())
    members = values.get("members") or dict.fromkeys(agent for region in follow for agent in every[region]["members"])
    return Team(
        name=name,
        title=values.get("title", name),
        members=tuple(members),
        managers=values.get("managers", ()),
        address=values.get("address", ""),
        calendar=calendar,
        closed=ClosedPolicy(values.get("closed", usual.closed)),
        reopen_within=values.get("reopen-within", usual.reopen_within),
        answer_owns=values.get("answer-owns", usual.answer_owns),
        answers_as=AnswersAs(values.get("answers-as", usual.answers_as)),
        waiting_time=values.get("waiting-time", usual.waiting_time),
        number_in_subject=values.get("number-in-subject", usual.number_in_subject),
        reply_marker=ReplyMarker(values.get("reply-marker", usual.reply_marker)),
        signature=values.get("signature", usual.signature),
        tells=frozenset(values["tells"]) if "tells" in values else usual.tells,
        unclaimed_after=values.get("unclaimed-after", usual.unclaimed_after),
        silent_after=values.get("silent-after", usual.silent_after),
        send_after=values.get("send-after"),
        language=values.get("language", ""),
        told=TeamAudience(values.get("told", usual.told)),
        on_call=_on_call(values["rota"], calendar) if "rota" in values else None,
        follow=follow,
        copied=CopiedPolicy(values.get("copied", usual.copied)),
        unknown_lines=UnknownLines(values.get("unknown-lines", usual.unknown_lines)),
        outsiders=Outsiders(values.get("outsiders", usual.outsiders)),
        ratings=_ratings(values["ratings"]) if "ratings" in values else None,
    )


def _ratings(values: Values) -> RatingPolicy:
    usual = RatingPolicy()
    return RatingPolicy(
        after=values["ask"], low=values.get("low", usual.low), change_within=values.get("change-within", usual.change_within)
    )


def _on_call(values: Values, calendar: Calendar) -> OnCallSchedule:
    usual = OnCallSchedule(agents=(), start=values["start"])
    return OnCallSchedule(
        agents=values["rotation"],
        start=values["start"],
        days=values.get("turn", usual.days),
        change=values.get("change", usual.change),
        zone=values.get("zone", calendar.zone),
        swaps=tuple(Swap(**swap) for swap in values.get("swaps", ())),
    )


def _chain(name: str, steps: Iterable[Values]) -> EscalationChain:
    return EscalationChain(name=name, steps=tuple(EscalationStep(**step) for step in steps))


def _calendar(name: str, values: Values, sources: DaySources) -> Calendar:
    hours: list[tuple[tuple[time, time], ...]] = [()] * 7
    for days, spans in values["week"].items():
        for day in days:
            hours[day] = tuple(sorted((*hours[day], *spans)))
    free = values.get("holidays", {})
    country = free.get("country", "")
    public = sources.holidays(country, free.get("region", "")) if country else frozenset()
    holidays = (public - frozenset(free.get("except", ()))) | frozenset(free.get("dates", ()))
    special = tuple((day, tuple(sorted(spans))) for day, spans in sorted(values.get("days", {}).items()))
    own = Calendar(
        name=name,
        zone=values["zone"],
        hours=tuple(hours),
        holidays=holidays - frozenset(dict(special)),
        special=special,
        made_with=sources.made_with(country),
    )
    feeds = [sources.feeds[address] for address in values.get("feeds", ()) if address in sources.feeds]
    return without(own, feeds, free.get("except", ())) if feeds else own


def _targets(by_priority: Values) -> Mapping[Priority, Targets]:
    return {Priority(name): _target(values) for name, values in by_priority.items()}


def _target(values: Values) -> Targets:
    usual = Targets()
    return Targets(
        response=values.get("response"),
        next_response=values.get("next-response"),
        resolution=values.get("resolution"),
        arrival=values.get("arrival"),
        team=values.get("team"),
        counts_from=values.get("counts-from", usual.counts_from),
        while_solved=values.get("while-solved", usual.while_solved),
        warn_at=values.get("warn-at", usual.warn_at),
        escalate=values.get("escalate", ""),
        ladder=values.get("ladder", ()),
    )


def _asking(values: Values | None) -> Asking | None:
    if values is None:
        return None
    usual = Asking()
    return Asking(
        who=WhoMayAsk(values["who"]),
        otherwise=Otherwise(values.get("otherwise", usual.otherwise)),
        contact=values.get("contact", ""),
        queue=values.get("queue", ""),
        remind_after=values.get("remind-after", usual.remind_after),
        expires_after=values.get("expires-after", usual.expires_after),
    )


def contact_questions(customers: Customers) -> Mapping[str, ContactQuestion]:
    """By address of the contact how long it is waited for.  Of several policies that name a contact, the first counts."""
    asking = (customers.asking, *(one.asking for one in customers.by_name.values()))
    named = [one for one in asking if one is not None and one.contact]
    return {
        one.contact.lower(): ContactQuestion(remind_after=one.remind_after, expires_after=one.expires_after) for one in reversed(named)
    }


def _customer(name: str, values: Values) -> Customer:
    language = values.get("language", "")
    return Customer(
        name=name,
        title=values.get("title", name),
        tier=values.get("tier", ""),
        region=values.get("region", ""),
        language=language,
        asking=_asking(values.get("asking")),
        responsible=values.get("responsible", ""),
        domains=values.get("domains", ()),
        people=tuple(_person(person, language) for person in values.get("people", ())),
        locations={
            place: Location(name=place, **{"title": place, **about}) for place, about in values.get("locations", {}).items()
        },
        equipment=tuple(Equipment(**device) for device in values.get("equipment", ())),
        terms=values.get("terms", {}),
        contracts={contract: contract_of(contract, about) for contract, about in values.get("contracts", {}).items()},
        projects={project: Project(name=project, **{"title": project, **about}) for project, about in values.get("projects", {}).items()},
    )


def _person(values: Values, language: str) -> Person:
    return Person(**{"language": language, **values})


def contract_of(name: str, values: Values) -> Contract:
    """The contract of these checked values."""
    levels = tuple(ServiceLevel(**level) for level in values.get("levels", ()))
    return Contract(name=name, **{**values, "levels": levels})
