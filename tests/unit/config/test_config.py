"""mailbridge.toml to a Config, and every mistake to its place."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from mailbridge.config.load import load
from mailbridge.config.model import After, AgentTrust, Config, Scanners, SenderCheck, Take, Taken, Tls, WhenSilent, WhenVirus
from mailbridge.config.sections import SECTIONS
from mailbridge.errors import ConfigError, Problem
from mailbridge.message.profiles import Expected, Profile

DESK = '[desk]\nname = "Acme Support"\naddress = "support@acme.example"\n'


def write(folder: Path, text: str, *, before: str = DESK) -> Path:
    file = folder / "mailbridge.toml"
    file.write_text(before + text, encoding="utf-8")
    return file


def mistakes(folder: Path, text: str, *, before: str = DESK, environ: dict[str, str] | None = None) -> tuple[Problem, ...]:
    write(folder, text, before=before)
    with pytest.raises(ConfigError) as caught:
        load(folder, environ or {})
    return caught.value.problems


def told(folder: Path, text: str, **more: object) -> list[str]:
    return [f"{p.line}:{p.column}+{p.length} {p.message} | {p.hint}" for p in mistakes(folder, text, **more)]  # type: ignore[arg-type]


def test_three_lines_make_a_desk_with_defaults(tmp_path: Path) -> None:
    write(tmp_path, "")

    config = load(tmp_path, {})

    assert config == Config(
        folder=tmp_path,
        desk=config.desk,
        store_url=f"sqlite:///{tmp_path}/mailbridge.db",
        outgoing=config.outgoing,
    )
    assert config.desk.addresses == ("support@acme.example",)
    assert config.outgoing.url == f"maildir:{tmp_path}/outgoing"


def test_a_full_file_reaches_every_section(tmp_path: Path) -> None:
    (tmp_path / "imap.password").write_text("s3cret\n", encoding="utf-8")
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text("", encoding="utf-8")
    write(
        tmp_path,
        """
        also = ["help@acme.example"]
        prefix = "AC"
        agent_trust = "token"
        [store]
        url = "postgresql://mailbridge@localhost/desk"
        [[mailbox]]
        name = "main"
        host = "imap.acme.example"
        user = "support"
        password_file = "imap.password"
        ca_file = "ca.pem"
        folders = ["INBOX", "Спам"]
        after = "move"
        move_to = "Done"
        poll = "1m 30s"
        [[mailbox]]
        name = "second"
        host = "127.0.0.1"
        port = 1143
        tls = "none"
        user = "help"
        password_env = "HELP_PASSWORD"
        idle = false
        take = "since 2026-11-01"
        [[listener]]
        protocol = "lmtp"
        port = 2424
        max_size = "25 MB"
        tls_cert = "cert.pem"
        tls_key = "key.pem"
        [outgoing]
        url = "smtp://mail.acme.example:587"
        tls = "starttls"
        [limits]
        tries = 5
        [workers]
        readers = 4
        [log]
        format = "json"
        level = "debug"
        """,
    )

    config = load(tmp_path / "mailbridge.toml", {"HELP_PASSWORD": "other"})

    main, second = config.mailboxes
    assert (main.password, main.after, main.move_to, main.folders) == ("s3cret", After.MOVE, "Done", ("INBOX", "Спам"))
    assert main.poll == timedelta(seconds=90)
    assert (main.take, second.take) == (Take(), Take(which=Taken.SINCE, since=date(2026, 11, 1)))
    assert main.ca_file == tmp_path / "ca.pem"
    assert (second.password, second.tls, second.idle, second.port) == ("other", Tls.NONE, False, 1143)
    assert config.listeners[0].max_size == 25 << 20
    assert config.desk.agent_trust is AgentTrust.TOKEN
    assert config.desk.addresses == ("support@acme.example", "help@acme.example")
    assert (config.store_url, config.readers, config.limits.tries) == ("postgresql://mailbridge@localhost/desk", 4, 5)
    assert (config.log_format, config.log_level) == ("json", "debug")


def test_passwords_do_not_show_in_the_configuration(tmp_path: Path) -> None:
    write(tmp_path, '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="P"\n')

    assert "s3cret" not in repr(load(tmp_path, {"P": "s3cret"}))


def test_the_environment_overrides_store_and_outgoing(tmp_path: Path) -> None:
    write(tmp_path, "")

    config = load(tmp_path, {"MAILBRIDGE_STORE_URL": "sqlite:///other.db", "MAILBRIDGE_OUTGOING_URL": "smtp://127.0.0.1:25"})

    assert config.store_url == f"sqlite:///{tmp_path}/other.db"
    assert config.outgoing.url == "smtp://127.0.0.1:25"


def test_an_absolute_sqlite_path_stays(tmp_path: Path) -> None:
    write(tmp_path, '[store]\nurl = "sqlite:////var/lib/mailbridge/desk.db"\n')

    assert load(tmp_path, {}).store_url == "sqlite:////var/lib/mailbridge/desk.db"


BROKEN = [
    ("prefx = 1", ['4:1+5 unknown key "prefx" in [desk] | did you mean "prefix"?']),
    ("[destk]\n", ['4:1+7 unknown section "destk" | did you mean "desk"?']),
    ('also = "a@b.example"', ['4:8+13 also: expected a list, not "a@b.example" | write it in brackets: ["…", "…"]']),
    (
        'also = ["a@b.example",\n        "not an address"]',
        ['5:9+16 also: "not an address" is not a mail address | write it like "ana@desk.example"'],
    ),
    ('prefix = "M-B"', ['4:10+5 prefix: "M-B" cannot start a ticket number | up to ten ASCII letters and digits, a letter first: "MB"']),
    ('language = "English"', ['4:12+9 language: "English" is not a language tag | write it like "en", "ro" or "pt-BR"']),
    (
        'plus_addressing = "yes"',
        ['4:19+5 plus_addressing: expected true or false, not "yes" | write true or false without quotes'],
    ),
    ('agent_trust = "spf"', ['4:15+5 agent_trust: unknown value "spf" | known: dmarc, token']),
    ("own_hosts = [1]", ["4:14+1 own_hosts: expected text in quotes, not the number 1 | "]),
    ("admins = [", ["4:10+1 not valid TOML: the list that begins here is not closed | write ] behind its last entry"]),
    ("a = 1\na = 2", ["5:6+1 not valid TOML: cannot overwrite a value | https://toml.io shows how it is written"]),
    ("[store]\nurl = 5", ["5:7+1 url: expected text in quotes, not the number 5 | "]),
    (
        '[store]\nurl = "mysql://u:geheim@h/d"',
        [
            '5:7+22 url: "mysql://u:***@h/d" does not start with one of sqlite:, postgresql: '
            "| it looks like sqlite:///mailbridge.db or postgresql://mailbridge@db.example/mailbridge"
        ],
    ),
    ('[store]\nurl = "sqlite://"', ['5:7+11 url: a database in memory loses every mail | write "sqlite:///mailbridge.db"']),
    ("[mailbox]\nname = 'x'", ["4:1+9 expected [[mailbox]] with two brackets, not a table | there may be several of them"]),
    (
        "[[mailbox]]\nport = 99999",
        [
            '4:1+11 [mailbox] needs "host" | add host = "…"',
            '4:1+11 [mailbox] needs "name", "user" | add name = "…", user = "…"',
            "5:8+5 port: 99999 is too large | the most is 65535",
        ],
    ),
    (
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword="x"',
        [
            "8:10+3 password: a password does not belong in this file "
            '| put it in a file only the daemon can read: password_file = "…", or in a variable: password_env = "…"'
        ],
    ),
    (
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"',
        ['7:1+4 there is a user and no password | add password_file = "…" or password_env = "…", or oauth = "…"'],
    ),
    ('[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="NOPE"', ["8:14+6 the environment variable NOPE is not set | set NOPE"]),
    (
        '[[mailbox]]\nname="m"\nhost="https://h"\nuser="u"\npassword_env="P"',
        ['6:6+11 host: "https://h" is not a host name | write the name or the address alone, without "https://" and without a port'],
    ),
    (
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="P"\nafter="move"',
        ['9:7+6 after = "move" needs move_to | add a line move_to = "Done"'],
    ),
    (
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="P"\nmove_to="Done"',
        ['9:1+7 move_to does nothing here | write after = "move" beside it'],
    ),
    (
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="P"\ntake="since"',
        ['9:6+7 take: "since": a day belongs to "since", and only to it | write "new", "unseen", "since 2026-11-01" or "all"'],
    ),
    (
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="P"\ntake="since 2026-13-01"',
        ['9:6+18 take: "2026-13-01" is not a day | write "new", "unseen", "since 2026-11-01" or "all"'],
    ),
    (
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="P"\npoll=60',
        [
            '9:6+2 poll: expected a duration in quotes, not the number 60 | write it like "90s", "5m" or "1h30m"',
        ],
    ),
    (
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="P"\npoll="soon"',
        ['9:6+6 poll: "soon" is not a duration | write it like "30m", "2h", "1h30m" or "3d"'],
    ),
    ('[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="P"\npoll="0s"', ["9:6+4 poll: 0s is too small | the least is 1s"]),
    (
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="P"\n[[mailbox]]\nname="m"\nhost="i"\nuser="v"\npassword_env="P"',
        ["10:6+3 name: there is another mailbox with m | give each its own"],
    ),
    ('[[listener]]\nprotocol = "smpt"', ['5:12+6 protocol: unknown value "smpt" | did you mean "smtp"?']),
    ('[[listener]]\nprotocol = "smtp"\nrequire_tls = true', ['6:1+11 require_tls needs tls_cert | add a line tls_cert = "…"']),
    (
        '[[listener]]\nprotocol = "smtp"\nmax_size = "huge"',
        ['6:12+6 max_size: "huge" is not a size | write it like "500K" or "10M"'],
    ),
    (
        '[outgoing]\nurl = "smtp://h:port"',
        [
            '5:7+15 url: "smtp://h:port" has a port that is no number from 1 to 65535 '
            "| it looks like smtp://mail.example:587 or smtps://mail.example:465 or maildir:outgoing"
        ],
    ),
    ('[outgoing]\nuser = "u"\npassword_env = "P"', ["5:1+4 a Maildir needs no user | delete the line, or name an SMTP server in url"]),
    (
        '[[listener]]\nprotocol = "smtp"\nport = 25\n[[listener]]\nprotocol = "lmtp"\nport = 25',
        ["9:8+2 port: there is another listener with 25 | give each its own"],
    ),
    ("[limits]\ntries = 0", ["5:9+1 tries: 0 is too small | the least is 1"]),
    ("[limits]\ntries = true", ["5:9+4 tries: expected a whole number, not true | "]),
    ("[log]\nlevel = 'loud'", ['5:9+6 level: unknown value "loud" | known: debug, info, warning, error']),
    ("[outgoing]\npaswrd = 3", ['5:1+6 unknown key "paswrd" in [outgoing] | did you mean "password_env"?']),
    ("zzz = 3", [f'4:1+3 unknown key "zzz" in [desk] | known: {", ".join(SECTIONS["desk"].keys)}']),
]


@pytest.mark.parametrize(("text", "expected"), BROKEN, ids=[text.replace("\n", " ")[-50:] for text, _ in BROKEN])
def test_a_mistake_is_told_with_place_and_next_step(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert told(tmp_path, text, environ={"P": "secret"}) == expected


def test_the_least_a_desk_needs_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, "[desk]\n", before="") == [
        '1:1+6 [desk] needs "name", "address" | add name = "…", address = "…"',
    ]
    assert told(tmp_path, "", before="") == ['0:0+1 the section [desk] is missing | it needs at least name = "…" and address = "…"']


def test_all_mistakes_are_told_in_one_run_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = 'prefx = 1\n[limits]\ntries = "3"\n[[listener]]\nprotocol = "pop3"\n'

    assert [problem.line for problem in mistakes(tmp_path, text)] == [4, 6, 8]


def test_unknown_variables_of_ours_are_mistakes_and_those_the_file_names_are_not(tmp_path: Path) -> None:
    text = '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="MAILBRIDGE_IMAP"\n'

    problems = mistakes(tmp_path, text, environ={"MAILBRIDGE_IMAP": "x", "MAILBRIDGE_STORE_ULR": "sqlite:///x"})

    assert problems == (
        Problem(file="environment", message="unknown variable MAILBRIDGE_STORE_ULR", hint='did you mean "MAILBRIDGE_STORE_URL"?'),
    )


def test_a_wrong_url_in_the_environment_is_told_as_such(tmp_path: Path) -> None:
    (problem,) = mistakes(tmp_path, "", environ={"MAILBRIDGE_STORE_URL": "mysql://h/d"})

    assert problem.file == "environment"
    assert problem.message.startswith('MAILBRIDGE_STORE_URL: "mysql://h/d" does not start with')


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "desk", {})

    (problem,) = caught.value.problems
    assert problem.message == "there is no such file"
    assert "mailbridge init" in problem.hint


def test_a_file_in_another_charset_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "mailbridge.toml").write_bytes(b'[desk]\nname = "Caf\xe9"\n')

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, {})

    assert caught.value.problems == (Problem(file="mailbridge.toml", line=2, column=1, message="not UTF-8", hint="save the file as UTF-8"),)


def test_a_password_file_must_be_there_and_hold_one_line(tmp_path: Path) -> None:
    box = '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_file="secret"\n'
    assert told(tmp_path, box) == [f"8:15+8 password_file: there is no file {tmp_path}/secret | relative paths start at the desk's folder"]
    (tmp_path / "secret").write_text("a\nb\n", encoding="utf-8")
    assert told(tmp_path, box) == [
        f"8:15+8 {tmp_path}/secret does not hold one line | one line with the password, readable by the user that runs mailbridge"
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword="hunter2"',
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword=["hunter2"]',
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="hunter2"',
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_env="hunter2!"',
        '[[mailbox]]\nname="m"\nhost="h"\nuser="u"\npassword_credential="hunter2 !"',
        '[store]\nurl="mysql://u:hunter2@h/d"',
        '[store]\nurl="postgres://u:x@hunter2/y@h/d"',
        '[store]\nurl="mysql://h/d?user=u&password=hunter2"',
        '[outgoing]\nurl="u:hunter2@h:25"',
        '[outgoing]\nurl="smtp://u:hunter2/x@h"',
        '[oauth]\nclient_secret = "hunter2"',
        '[oauth]\nclient_secret = ["hunter2"]',
        'webhooks = "hunter2"',
        '[webhooks]\nsecret = "hunter2"',
        '[webhooks]\nhosts = ["h"]\nsecret_env = ["hunter2"]',
        "[encryption]\nkey = 'hunter2'",
        '[encryption]\nkey_env = { hunter2 = "hunter2" }',
    ],
)
def test_a_misplaced_secret_is_in_no_message(tmp_path: Path, text: str) -> None:
    problems = mistakes(tmp_path, text)

    assert problems
    assert [problem for problem in problems if "hunter2" in problem.message + problem.hint] == []


def test_a_numeric_secret_is_in_no_message(tmp_path: Path) -> None:
    for key in ("password", "password_env", "password_credential"):
        (problem,) = mistakes(tmp_path, f'[outgoing]\nurl="smtp://h"\nuser="u"\n{key} = 20021112')
        assert "20021112" not in problem.message + problem.hint


def test_senders_are_checked_by_the_dns_servers_named(tmp_path: Path) -> None:
    write(
        tmp_path,
        '[authenticity]\ncheck = "dns"\ndns_servers = ["127.0.0.1:5353", "[::1]:54", "192.0.2.53", "[2001:db8::53]"]\ntime_limit = "3s"',
    )

    found = load(tmp_path, {}).authenticity

    assert found.dns_servers == (("127.0.0.1", 5353), ("::1", 54), ("192.0.2.53", 53), ("2001:db8::53", 53))
    assert (found.check, found.time_limit) == (SenderCheck.DNS, timedelta(seconds=3))


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ('check = "dns"\ndns_servers = ["ns.acme.example"]', 'dns_servers: "ns.acme.example" is no IP address'),
        ('check = "dns"\ndns_servers = ["127.0.0.1:0"]', "dns_servers: 0 is too small"),
        ('check = "dns"\ndns_servers = ["127.0.0.1:99999"]', "dns_servers: 99999 is too large"),
        ('check = "dns"\ndns_servers = ["::1"]', 'dns_servers: "::1" names no server'),
        ('check = "dns"\ntime_limit = "1h"', "time_limit: 3600s is too large"),
        ('check = "headers"\ndns_servers = ["127.0.0.1"]', "dns_servers does nothing here"),
        ('check = "spf"', 'check: unknown value "spf"'),
    ],
)
def test_mistakes_about_the_check_of_senders_are_told(tmp_path: Path, lines: str, mistake: str) -> None:
    assert [problem.message for problem in mistakes(tmp_path, f"[authenticity]\n{lines}\n")] == [mistake]


def test_scanners_are_servers_or_sockets(tmp_path: Path) -> None:
    write(
        tmp_path, '[scan]\nclamd = "127.0.0.1"\nrspamd = "http://127.0.0.1:11333"\non_failure = "wait"\nvirus = "tag"\nclamd_max = "100 MB"'
    )
    found = load(tmp_path, {}).scan
    assert (found.clamd, found.rspamd, found.clamd_max) == (("127.0.0.1", 3310), "http://127.0.0.1:11333", 100 << 20)
    assert (found.on_failure, found.virus, found.any) == (WhenSilent.WAIT, WhenVirus.TAG, True)

    write(tmp_path, '[scan]\nclamd = "/run/clamav/clamd.ctl"')
    assert load(tmp_path, {}).scan == Scanners(clamd="/run/clamav/clamd.ctl")


@pytest.mark.parametrize(
    ("lines", "told_"),
    [
        ('clamd = "http://127.0.0.1"', ['clamd: "http://127.0.0.1" names no server']),
        ('clamd = "run/clamd.ctl"', ['clamd: "run/clamd.ctl" names no server']),
        ('rspamd = "127.0.0.1:11333"', ['rspamd: "127.0.0.1:11333" does not start with one of http:, https:']),
        ('virus = "tag"', ["virus does nothing here"]),
        ('rspamd = "http://127.0.0.1:11333"\nvirus = "tag"', ["virus does nothing here"]),
        ('on_failure = "wait"\ntime_limit = "5s"', ["on_failure does nothing here", "time_limit does nothing here"]),
        ('clamd = "127.0.0.1"\non_failure = "drop"', ['on_failure: unknown value "drop"']),
        ('clamd = "127.0.0.1"\nclamd_max = "1"', ["clamd_max: 1 bytes is too small"]),
    ],
)
def test_mistakes_about_scanners_are_told(tmp_path: Path, lines: str, told_: list[str]) -> None:
    assert [problem.message for problem in mistakes(tmp_path, f"[scan]\n{lines}\n")] == told_


# --- whose words about senders count


def test_each_source_says_what_is_believed(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        authserv_ids = ["mx.desk.test"]
        [[mailbox]]
        name = "main"
        host = "imap.desk.test"
        user = "x"
        password_env = "P"
        profile = "microsoft"
        tenant_domains = ["desk.test"]
        no_hybrid_connector = true
        [[listener]]
        protocol = "lmtp"
        host = "0.0.0.0"
        trusted_peers = ["10.0.0.2", "172.18.0.0/16"]
        profile = "postfix-milter"
        milter_index = 0
        own_hosts = ["mail.desk.test"]
        relays = ["10.0.0.5"]
        [pipe]
        trusted = true
        """,
    )
    found = load(tmp_path, {"P": "secret"})
    assert found.authenticity.check is SenderCheck.AUTO
    microsoft = found.expected(found.mailboxes[0].trust)
    assert microsoft is not None
    assert (microsoft.profile, microsoft.tenant) == (Profile.MICROSOFT, ("desk.test",))
    assert found.expected(found.listeners[0].trust) == Expected(
        profile=Profile.POSTFIX_MILTER, index=0, authserv_ids=("mx.desk.test",), hosts=("mail.desk.test",), relays=("10.0.0.5",)
    )
    assert found.expected(found.pipe.trust) == Expected(profile=Profile.OWN, authserv_ids=("mx.desk.test",))


OPEN = 'this listener can be reached from outside (0.0.0.0) and would believe what anybody writes about senders'


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('authserv_ids = ["mx.test"]\n[[listener]]\nprotocol = "lmtp"\nhost = "0.0.0.0"', OPEN),
        ('[[listener]]\nprotocol = "lmtp"\nhost = "0.0.0.0"\nprofile = "google"', OPEN),
        ('[[listener]]\nprotocol = "lmtp"\nhost = "0.0.0.0"\nauthserv_ids = ["mx.test"]', OPEN),
        ('[[listener]]\nprotocol = "lmtp"\ntrusted_peers = ["0.0.0.0/0"]', 'trusted_peers: "0.0.0.0/0" is too many'),
        ('[[listener]]\nprotocol = "lmtp"\ntrusted_peers = ["::/0"]', 'trusted_peers: "::/0" is too many'),
        ('[[listener]]\nprotocol = "lmtp"\ntrusted_peers = ["mx.test"]', 'trusted_peers: "mx.test" is no IP address and no network'),
        ('[[listener]]\nprotocol = "lmtp"\nsocket = "mail"\nport = 24', "port does nothing beside socket"),
        ('[metrics]\nsocket = "metrics"\nlisten = "127.0.0.1:9464"', "listen does nothing beside socket"),
        ('[health]\nsocket = "health"\nlisten = "127.0.0.1:9465"', "listen does nothing beside socket"),
        ('[[listener]]\nprotocol = "lmtp"\nsocket = "a"\n[metrics]\nsocket = "a"', 'socket: [listener] takes "a" too'),
        ('[[listener]]\nprotocol = "lmtp"\nprofile = "gmail"', 'profile: unknown value "gmail"'),
        ('[[listener]]\nprotocol = "lmtp"\nprofile = "rspamd"', "the profile rspamd needs authserv_ids"),
        ('[[listener]]\nprotocol = "lmtp"\nmilter_index = 0', "milter_index does nothing here"),
        ('[pipe]\nprofile = "google"', "profile does nothing here"),
        (
            '[pipe]\ntrusted = true\nprofile = "microsoft"\ntenant_domains = ["desk.test"]',
            "tenant_domains needs the tenant administrator's word",
        ),
        (
            '[pipe]\ntrusted = true\nprofile = "google"\ntenant_domains = ["desk.test"]\nno_hybrid_connector = true',
            "tenant_domains does nothing here",
        ),
    ],
)
def test_trust_without_ground_is_refused(tmp_path: Path, text: str, mistake: str) -> None:
    assert [problem.message for problem in mistakes(tmp_path, text + "\n")] == [mistake]


@pytest.mark.parametrize(
    "text",
    [
        '[authenticity]\ncheck = "dns"\n[[listener]]\nprotocol = "smtp"\nhost = "0.0.0.0"',
        '[[listener]]\nprotocol = "smtp"\nhost = "0.0.0.0"',
        'authserv_ids = ["mx.test"]\n[[listener]]\nprotocol = "smtp"',
        'authserv_ids = ["mx.test"]\n[[listener]]\nprotocol = "smtp"\nhost = "::1"',
        'authserv_ids = ["mx.test"]\n[[listener]]\nprotocol = "smtp"\nhost = "0.0.0.0"\ntrusted_peers = ["10.0.0.2"]',
        'authserv_ids = ["mx.test"]\n[[listener]]\nprotocol = "smtp"\nsocket = "mail"',
    ],
)
def test_a_listener_that_believes_nobody_or_names_whom_may_stand_open(tmp_path: Path, text: str) -> None:
    write(tmp_path, text + "\n")
    assert load(tmp_path, {}).listeners


def test_identities_are_addresses_of_the_desk(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [[identity]]
        address = "Sales@brand.example"
        name = "Brand"
        team = "sales"
        language = "ro"
        signature = \"\"\"
Brand
+40 1\"\"\"
        [[identity]]
        address = "bills@acme.example"
        """,
    )

    desk = load(tmp_path, {}).desk

    assert desk.addresses == ("support@acme.example", "Sales@brand.example", "bills@acme.example")
    assert desk.identity_at("sales+mb1.c.x@BRAND.example") == desk.identities[0]
    assert desk.identities[0].signature == "Brand\n+40 1"
    assert desk.sent_as("sales@brand.example") == ("Brand", "Sales@brand.example")
    assert desk.sent_as("bills@acme.example") == ("Acme Support", "bills@acme.example")
    assert desk.sent_as("gone@acme.example") == desk.sent_as("") == ("Acme Support", "support@acme.example")
    assert desk.identity_of_team("sales") == desk.identities[0]
    assert desk.identity_of_team("") is None


def test_two_identities_of_one_address_name_both_places(tmp_path: Path) -> None:
    text = '[[identity]]\naddress = "Bills@acme.example"\n[[identity]]\nname = "x"\naddress = "bills@acme.example"\n'

    assert told(tmp_path, text) == [
        "8:11+20 address: bills@acme.example is the address of two identities, at mailbridge.toml:5 and mailbridge.toml:8 | "
        "keep one of them, or give each its own address"
    ]


def test_an_identity_has_no_detail(tmp_path: Path) -> None:
    assert told(tmp_path, '[[identity]]\naddress = "support+sales@acme.example"\n') == [
        "5:11+28 address: an identity has no +detail: support+sales@acme.example | "
        "what stands behind a + says which ticket a mail is about; write the address without it"
    ]


def test_several_outgoing_servers_have_names(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [[outgoing]]
        name = "main"
        url = "smtp://mail.acme.example"
        failover = "relay"
        [[outgoing]]
        name = "relay"
        mails_per_minute = 30
        [[identity]]
        address = "sales@acme.example"
        outgoing = "relay"
        """,
    )

    config = load(tmp_path, {})

    assert [one.name for one in config.outgoing_servers] == ["main", "relay"]
    assert config.outgoing_of("sales@acme.example").name == "relay"
    assert config.outgoing_of("").name == "main"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[[outgoing]]\nname = "a"\n[[outgoing]]\n', "each of several [[outgoing]] needs a name"),
        ('[[outgoing]]\nname = "a"\n[[outgoing]]\nname = "a"\n', "name: there is another outgoing with a"),
        ('[[outgoing]]\nname = "a"\nfailover = "a"\n[[outgoing]]\nname = "b"\n', 'failover: there is no other [[outgoing]] called "a"'),
        ('[outgoing]\nfailover = "b"\n', 'failover: there is no other [[outgoing]] called "b"'),
        (
            '[outgoing]\n[[identity]]\naddress = "x@acme.example"\noutgoing = "brand"\n',
            'outgoing: there is no other [[outgoing]] called "brand"',
        ),
    ],
)
def test_a_server_that_is_not_there_is_a_mistake(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in [problem.message for problem in mistakes(tmp_path, text)]
