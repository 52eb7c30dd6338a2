"""Every recipe of the manual is run as it is written there; a block that no test knows, and no reason excuses, fails.

The recipes for a machine run on one of their own (tests/install/machine.py), so the paths, ports and users are those of the pages.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbridge.cli.main import cli
from mailbridge.config.load import load
from mailbridge.errors import ConfigError
from tests.harness import a_mail
from tests.install.machine import Machine, started
from tests.install.pip import ROOT, not_here, pip, run
from tests.install.recipes import PAGES, block, blocks
from tests.servers.postgres import programs
from tests.servers.processes import program, wait_until

# --- which test runs which block ------------------------------------------------------------------------------------------------------

CONFIGURATION = "test_each_piece_of_configuration_makes_a_desk"
INSTALLATION = "test_one_user_installs_it_and_has_a_desk"
SERVICE = "test_a_service_behind_postfix_on_postgresql"
RULES = "tests/unit/rules/test_rules_manual.py"
TEMPLATES = "tests/unit/notifications/test_templates_manual.py"
STORY = "tests/scenarios/test_manual_story.py"
LANGUAGE = "tests/unit/tickets/test_language_tables.py"
WHEEL = "tests/wheel.sh"
DEBIAN = "tests/install/nightly_deb.py"
CONTAINER = "tests/install/nightly_container.py"
EXIM = "tests/install/nightly_exim.py"
README = "test_the_readme_says_what_the_manual_says"

RUN = {
    "README.md: make demo": "tests/e2e/test_demo.py",
    "README.md: - name: printer down": RULES,
    "README.md: pipx install .": INSTALLATION,
    "README.md: # /etc/postfix/main.cf (with the delimiter, answers to support+...@acme.example arrive too)": README,
    "README.md: #take": LANGUAGE,
    "backup.md: mailbridge backup /var/backups/mailbridge": SERVICE,
    "backup.md: install -d -m 700 -o mailbridge /var/backups/mailbridge": SERVICE,
    'backup.md: runuser -u postgres -- psql -c "ALTER ROLE mailbridge CREATEDB"': SERVICE,
    "backup.md: install -d -m 700 -o mailbridge /var/lib/mailbridge": SERVICE,
    "commands.md: mailbridge backup /var/backups/mailbridge": SERVICE,
    "commands.md: mailbridge restore /var/backups/mailbridge --check": SERVICE,
    "commands.md: mailbridge listener passwd scanner >> /etc/mailbridge/users": SERVICE,
    'commands.md: eval "$(mailbridge completion bash)"': INSTALLATION,
    "commands.md: mailbridge man ~/.local/share/man/man1": SERVICE,
    'agents-day.md: # rules/teams.yaml': STORY,
    'agents-day.md: # rules/sla.yaml': STORY,
    'agents-day.md: # rules/customers.yaml': STORY,
    'agents-day.md: From: Acme Support <support@desk.test>': STORY,
    'agents-day.md: From: Carol Jones via Acme Support <support@desk.test>': STORY,
    'agents-day.md: #take': STORY,
    'agents-day.md: #note @clara Did you not replace such a sensor last month?': STORY,
    'agents-day.md: From: Bogdan Ionescu via Acme Support <support@desk.test>': STORY,
    'agents-day.md: Yes, it takes half an hour. There is a spare one in the van.': STORY,
    'agents-day.md: I am sorry to hear that.': STORY,
    'agents-day.md: I have replaced the sensor, and your printer works again.': STORY,
    'agents-day.md: #time 45m replaced the sensor done: 45 min worked: replaced the sensor (entry 1); plan 1 done': STORY,
    'agents-day.md: #quiet evenings': STORY,
    'agents-day.md: Our hours: Mon–Fri 09:00–17:00 GMT. We are closed now and open again tomorrow 09:00.': STORY,
    'customers-week.md: # rules/teams.yaml': STORY,
    'customers-week.md: # rules/statuses.yaml': STORY,
    'customers-week.md: From: Carol Jones <carol@customer.test>': STORY,
    'customers-week.md: From: Acme Support <support@desk.test>': STORY,
    'customers-week.md: From: Bogdan Ionescu via Acme Support <support@desk.test>': STORY,
    'customers-week.md: From: Carol Jones via Acme Support <support@desk.test>': STORY,
    'customers-week.md: 5': STORY,
    'contract-story.md: # rules/teams.yaml': STORY,
    'contract-story.md: # rules/sla.yaml': STORY,
    'contract-story.md: # rules/types.yaml': STORY,
    'contract-story.md: # rules/customers.yaml': STORY,
    'contract-story.md: # rules/routing/10-printers.yaml': STORY,
    'contract-story.md: De azi dimineață imprimanta nu mai tipărește nimic. Pe ecran apare eroarea E-52.': STORY,
    'contract-story.md: Solicitarea dumneavoastră are numărul MB-1. Dacă doriți să adăugați ceva, răspundeți la acest mesaj.': STORY,
    'contract-story.md: Normală · incident · Nou · Service teren · nepreluat · termen de răspuns: azi la 12:00, '
    'peste 1 h · termen de rezolvare: azi la 15:00, peste 4 h · estimat 3 h · au rămas 4 h din 4 h până la 30 noiembrie 2026': STORY,
    'contract-story.md: #preiau': STORY,
    'contract-story.md: Bogdan Ionescu se ocupă acum de solicitarea dumneavoastră MB-1.': STORY,
    'contract-story.md: Acum estimăm pentru solicitarea dumneavoastră MB-1 aproximativ 4 h de lucru, în loc de 3 h.': STORY,
    'contract-story.md: #timp 3h tambur schimbat': STORY,
    'contract-story.md: Bogdan Ionescu cere aprobarea dumneavoastră: contractul cere aprobarea unei lucrări atât de lungi.': STORY,
    'contract-story.md: Da făcut: aprobat: #timp 3h tambur schimbat; 3 h lucrate: tambur schimbat (înregistrarea 2); '
    'planul 1 îndeplinit': STORY,
    'contract-story.md: S-au folosit 80 % din orele din contract: au rămas 40 min din 4 h până la 30 noiembrie 2026.': STORY,
    'contract-story.md: Ați folosit 80 % din orele incluse în contract. Mai sunt disponibile 40 min din 4'
    ' h până la 30 noiembrie 2026.': STORY,
    'contract-story.md: Imprimanta tipărește din nou, am schimbat tamburul.': STORY,
    'contract-story.md: Rezolvarea – respectat luni, 23 noiembrie, 13:55 EET; termen luni, 23 noiembrie, 15:00 EET': STORY,
    'contract-story.md: Ore rămase:': STORY,
    'contract-story.md: Rezolvarea – termen miercuri, 2 decembrie, 11:30 EET': STORY,
    "container.md: podman build --file deploy/container/Containerfile --tag mailbridge .": CONTAINER,
    "container.md: podman run --rm --read-only --tmpfs /tmp --volume ./desk:/etc/mailbridge:ro "
    "--volume mailbridge-data:/var/lib/mailbridge mailbridge check": CONTAINER,
    'debian.md: mailbridge init /etc/mailbridge --data /var/lib/mailbridge --name "Acme Support" --address support@acme.example': DEBIAN,
    "debian.md: make deb": DEBIAN,
    "dns.md: $ORIGIN acme.example.": "test_the_records_are_a_zone",
    "dovecot.md: recipient_delimiter = +": "test_dovecot_reads_the_lines_of_its_page",
    "exim.md: exim4 -bt support+test@acme.example": EXIM,
    "exim.md: mailbridge:": EXIM,
    "exim.md: mailbridge_lmtp:": EXIM,
    "first-desk.md: pipx install .": INSTALLATION,
    "first-desk.md: python3 -m venv /opt/mailbridge": WHEEL,
    "first-desk.md: mailbridge demo --dir /var/tmp/demo": "tests/e2e/test_demo.py",
    'first-desk.md: mailbridge init ~/desk --name "Acme Support" --address support@acme.example': INSTALLATION,
    "first-desk.md: mkdir -m 700 secrets": INSTALLATION,
    'first-desk.md: profile = "google"': CONFIGURATION,
    "first-desk.md: mailbridge run": INSTALLATION,
    "first-desk.md: make wheel": WHEEL,
    "commands.md: mailbridge kb suggest mail.eml": "tests/unit/cli/test_kb.py",
    "knowledge.md: ---": "tests/unit/cli/test_kb.py",
    "knowledge.md: mailbridge kb suggest mail.eml": "tests/unit/cli/test_kb.py",
    "mail.md: #take": LANGUAGE,
    "oauth.md: openssl rand -base64 32 > secret.key && chmod 600 secret.key": CONFIGURATION,
    "oauth.md: openssl req -x509 -newkey rsa:3072 -nodes -days 730 -subj /CN=mailbridge -keyout app.key -out app.pem": CONFIGURATION,
    "postfix.md: transport_maps = hash:/etc/postfix/transport": SERVICE,
    "postfix.md: milter_default_action = tempfail": SERVICE,
    "postfix.md: /^Authentication-Results:[[:space:]]*mx\\.acme\\.example[;[:space:]]/ IGNORE": SERVICE,
    "postfix.md: support@acme.example lmtp:inet:127.0.0.1:2424": SERVICE,
    "postfix.md: postmap /etc/postfix/transport": SERVICE,
    "postfix.md: mailbridge unix - n n - 2 pipe": SERVICE,
    "notifications.md: # rules/notifications.yaml": "tests/unit/rules/test_notifications_file.py",
    "rules.md: escalations:": RULES,
    "rules.md: customer,address,name,role,phones": RULES,
    "rules.md: teams:": RULES,
    "running.md: useradd --system --home-dir /var/lib/mailbridge --shell /usr/sbin/nologin mailbridge": SERVICE,
    "running.md: runuser -u postgres -- createuser mailbridge": SERVICE,
    "running.md: runuser -u mailbridge -- mailbridge --desk /etc/mailbridge status": SERVICE,
    "running.md: install -d -m 700 /etc/mailbridge-secrets": SERVICE,
    "running.md: systemctl daemon-reload": SERVICE,
    "running.md: systemctl stop mailbridge": SERVICE,
    'running.md: install -m 644 "$(mailbridge paths deploy)/systemd/mailbridge-worker@.service" /etc/systemd/system/': SERVICE,
    "templates.md: {% extends \"mail/customer.j2\" %}": TEMPLATES,
    "templates.md: # templates/locales/en/mail.po": TEMPLATES,
}  # fmt: skip

NOT_RUN = {
    "shadow.md: $ mailbridge shadow report": "it shows output; tests/e2e/test_shadow.py runs the command",
    "shadow.md: mailbridge shadow end --next-number 5000": "tests/e2e/test_shadow.py runs the command",
    "README.md: make nightly PART=tokens": "a run of up to an hour; tests/unit/test_nightly.py has the list of parts",
    "README.md: make test": "this test is part of it",
    "canary.md: $ mailbridge canary show": "it shows output; tests/e2e/test_canary.py runs the command",
    "audit.md: $ mailbridge audit": "it shows output; tests/e2e/test_one_id.py runs the command",
    'audit.md: $ mailbridge audit --withdraw "imap:support/INBOX:1796081792:17" --reason "spam, deleted by hand"': (
        "tests/flows/test_audit.py withdraws mails"
    ),
    "README.md: python3 -m venv ~/mailbridge": "the same two commands as for /opt/mailbridge, which tests/wheel.sh runs",
    "README.md: ~/mailbridge/bin/pip install .": "as above",
    "checks.md: mailbridge agents pair eva": "prints a code for a mail of a person; tests/unit/cli has the command",
    "checks.md: python -m benchmarks.senders": "a measurement of minutes; tests/e2e/test_benchmarks.py runs it small",
    "commands.md: mailbridge auth login support": "needs a provider and a person; tests/oauth/test_login.py has both",
    'container.md: mailbridge init deploy/container/desk --data /var/lib/mailbridge --name "Acme Support" --address support@acme.example': (
        "needs podman compose and an image of PostgreSQL; tests/unit/test_container.py reads the file"
    ),
    "first-desk.md: pip install": "what not to type",
    "notifications.md: mailbridge notify explain MB-1042": "needs a desk with that ticket; tests/flows/test_notification_flow.py has one",
    "oauth.md: mailbridge.toml names the provider and the app that you registered there": "a list of what follows, nothing to type",
    "oauth.md: New-ServicePrincipal -AppId CLIENT_ID -ObjectId OBJECT_ID": "PowerShell against Exchange Online",
    "running.md: createuser --pwprompt mailbridge": "needs a second machine",
    "running.md: journalctl -u mailbridge": "needs a running systemd",
    "running.md: runuser -u mailbridge -- mailbridge auth status": "reads what a running systemd gives; tests/install/test_units.py does",
    "running.md: systemctl edit mailbridge-lmtp.socket": "opens an editor; systemd.socket(5)",
    "running.md: systemctl restart mailbridge": "needs a running systemd; tests/e2e/test_restart.py keeps the sockets as systemd does",
    "running.md: systemctl start mailbridge": "as above",
    "running.md: systemctl reload mailbridge": "needs a running systemd; ExecReload sends SIGHUP, which tests/e2e/test_daemon.py does",
    "troubleshooting.md: journalctl -u mailbridge": "needs a running systemd",
    "troubleshooting.md: systemctl status mailbridge": "needs a running systemd",
    "upgrades.md: pipx install --force .": "the installation of first-desk.md over itself",
    "upgrades.md: uv tool install --force .": "as above",
    "templates.md: make catalogues": "writes into the checkout; tests/unit/notifications/test_catalogues.py compares with what it writes",
    "templates.md: templates/mail/<audience>.<event>.j2 one mail: its subject, its text and its HTML, in every language": "a list of files",
}


def test_every_block_of_the_pages_is_run_or_excused() -> None:
    """A new block belongs into one of the two tables above; one that is gone leaves them."""
    found = {each.name for each in blocks() if each.kind != "toml" and not (each.page == "rules.md" and each.kind in ("yaml", "json"))}

    assert found - RUN.keys() - NOT_RUN.keys() == set()
    assert (RUN.keys() | NOT_RUN.keys()) - found == set()
    assert RUN.keys() & NOT_RUN.keys() == set()


def test_what_runs_a_block_is_there() -> None:
    assert [by for by in set(RUN.values()) if not (by in globals() or (ROOT / by).is_file())] == []


# --- commands and configuration, wherever they are written ------------------------------------------------------------------------------


def commands() -> list[tuple[str, str]]:
    """(page, command) of everything in the pages, the units and their comments that begins with `mailbridge`."""
    found = {(page.name, line) for page in PAGES for line in re.findall(r"`(mailbridge [a-z][^`]*)`", page.read_text(encoding="utf-8"))}
    for each in blocks():
        lines = [line.partition("  #")[0].strip() for line in each.text.splitlines()] if each.kind == "indented" else []
        found |= {(each.page, line) for line in lines if line.startswith("mailbridge ")}
    for unit in (ROOT / "deploy" / "systemd").iterdir():
        found |= {
            (unit.name, f"mailbridge {line}") for line in re.findall(r"^ExecStart=\S+/mailbridge (.*)$", unit.read_text(), re.MULTILINE)
        }
    return sorted(found)


@pytest.mark.parametrize(("page", "command"), commands())
def test_each_command_in_the_pages_is_one(page: str, command: str) -> None:
    """Its words lead to a command, and its options are known there."""
    words = shlex.split(re.split(r" (?:>>?|\||&&) ", command)[0])[1:]
    group = cli
    context = cli.make_context("mailbridge", [], resilient_parsing=True)
    while words:
        options = {name for parameter in group.params for name in (*parameter.opts, *parameter.secondary_opts)}
        word = words.pop(0)
        if word.startswith("-"):
            assert word.partition("=")[0] in options, f"{page}: {command}"
        elif hasattr(group, "get_command"):
            found = group.get_command(context, word)
            if found is None and word in ("/etc/mailbridge", "COMMAND"):  # the value of --desk; any command
                continue
            assert found is not None, f"{page}: {command}: no {word}"
            group = found


LINES_OF_MANY_TABLES = {
    "running.md: [encryption]": "one line of each table that takes a credential; tests/install/test_units.py has such a desk"
}


def tables() -> list[tuple[str, str]]:
    found = [(each.name, each.text) for each in blocks() if each.kind == "toml"]
    assert LINES_OF_MANY_TABLES.keys() <= {name for name, _ in found}
    return [(f"{name} {number}", text) for number, (name, text) in enumerate(found) if name not in LINES_OF_MANY_TABLES]


REST = {
    "desk": '[desk]\nname = "Acme Support"\naddress = "support@acme.example"\n',
    "store": '[store]\nurl = "sqlite:///desk.db"\n',
    "outgoing": '[outgoing]\nurl = "maildir:outgoing"\n',
}
OAUTH = {
    "encryption": '[encryption]\nkey_file = "secret.key"\n',
    "mailbox": '[[mailbox]]\nname = "support"\nhost = "imap.acme.example"\nuser = "support@acme.example"\noauth = "support"\n',
    "oauth": '[oauth.support]\nprovider = "google"\nclient_id = "123"\nclient_secret_file = "google.secret"\n',
}
MAILBOX = {"name": "main", "host": "imap.acme.example", "user": "support@acme.example", "password_file": "imap"}


def completed(text: str) -> str:
    """The piece with what the rest of a desk's configuration has: the tables it leaves out, the keys that a mailbox needs."""
    given = tomllib.loads(text)
    mailboxes = iter(given.get("mailbox", []))

    def mailbox(found: re.Match[str]) -> str:
        has = next(mailboxes)
        return found[0] + "".join(f'{key} = "{value}"\n' for key, value in MAILBOX.items() if key not in has and "oauth" not in has)

    whole = re.sub(r"^\[\[mailbox\]\]\n", mailbox, text, flags=re.MULTILINE)
    rest = REST | OAUTH if given.keys() & {"encryption", "oauth"} else REST
    return "\n".join([whole, *(table for name, table in rest.items() if name not in given)])


@pytest.mark.parametrize(("name", "text"), tables(), ids=[name for name, _ in tables()])
def test_each_piece_of_configuration_makes_a_desk(name: str, text: str, tmp_path: Path) -> None:
    """With the rest of a desk's configuration it is read without a mistake; the files it names are made as the page says."""
    if name.startswith("first-desk.md"):
        profile = block('first-desk.md: profile = "google"')
        text = text.replace("\n\n[outgoing]", f"\n{profile}\n[outgoing]", 1)
    text = completed(text.replace("/run/credentials", f"{tmp_path}/credentials"))
    recipes = [each.text for each in blocks() if each.text.startswith(("openssl rand", "openssl req"))]
    for recipe in recipes[: 2 if "app.pem" in text else 1]:
        subprocess.run(["bash", "-euc", recipe], cwd=tmp_path, check=True, capture_output=True)
    for file in re.findall(r'^\w+_file = "(.*)"$', text, re.MULTILINE):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            path.write_text("secret\n", encoding="utf-8")
            path.chmod(0o600)
    (tmp_path / "mailbridge.toml").write_text(text, encoding="utf-8")

    try:
        assert load(tmp_path / "mailbridge.toml", {}).desk.name == "Acme Support"
    except ConfigError as mistakes:
        pytest.fail(f"{text}\n{mistakes.problems}")


@pytest.mark.servers
def test_the_records_are_a_zone(tmp_path: Path) -> None:
    """A name server takes them, beside what every zone has."""
    zone = tmp_path / "zone"
    start = "$TTL 3600\nacme.example. SOA mx.acme.example. hostmaster.acme.example. 1 3600 600 86400 3600\n"
    zone.write_text(start + "acme.example. NS mx.acme.example.\n" + block("dns.md: $ORIGIN acme.example."), encoding="utf-8")
    done = subprocess.run([program("nsd-checkzone", "nsd"), "acme.example", zone], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is ok" in done.stdout


@pytest.mark.servers
def test_dovecot_reads_the_lines_of_its_page(tmp_path: Path) -> None:
    conf = tmp_path / "dovecot.conf"
    conf.write_text("protocols = imap lmtp\nssl = no\n" + block("dovecot.md: recipient_delimiter = +"), encoding="utf-8")
    done = subprocess.run([program("doveconf", "dovecot-core"), "-n", "-c", conf], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "mail_max_userip_connections = 20" in done.stdout


def test_the_readme_says_what_the_manual_says() -> None:
    """Its lines for Postfix are those of the page about Postfix, which are run."""
    short = block("README.md: # /etc/postfix/main.cf (with the delimiter, answers to support+...@acme.example arrive too)")
    whole = "".join(each.text for each in blocks() if each.page == "postfix.md")

    lines = [line for line in short.splitlines() if line and not line.startswith("#")]
    assert lines
    assert [line for line in lines if line not in whole.splitlines()] == []
    assert "postmap /etc/postfix/transport" in short


# --- the recipes for a machine ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packages(kept: Path, pinned: Path) -> Path:
    """pipx and uv, fetched once, in a folder of --target; what they install comes from `pinned`."""
    tools = kept / "tools"
    if not (tools / "complete").exists():
        done = run([*pip(), "--disable-pip-version-check", "install", "--quiet", "--upgrade", "--target", tools, "pipx", "uv"])
        if done.returncode:
            not_here(f"pipx and uv cannot be fetched: {done.stderr[-300:]}")
        (tools / "complete").touch()
    return tools


@pytest.fixture(scope="module")
def machine(packages: Path, pinned: Path) -> Iterator[Machine]:
    """A machine with pipx and uv, which have no other index than the pinned packages."""
    with started() as made:
        for name, text in {
            "uv": f'#!/bin/sh\nexec {packages}/bin/uv "$@"\n',
            "pipx": f'#!/bin/sh\nexec python3 -c \'import sys; sys.path.insert(0, "{packages}"); sys.argv[0] = "pipx"\n'
            'from pipx.main import cli; sys.exit(cli())\' "$@"\n',
        }.items():
            (made.shared / "bin" / name).write_text(text, encoding="utf-8")
            (made.shared / "bin" / name).chmod(0o755)
        made.environment |= {
            "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(pinned),
            "UV_CACHE_DIR": "/mnt/uv", "UV_PYTHON": f"{made.shared}/bin/python3", "UV_PYTHON_DOWNLOADS": "never",
        }  # fmt: skip
        made.run("mkdir -p /etc/uv && cat > /etc/uv/uv.toml", stdin=f'no-index = true\nfind-links = ["{pinned}"]\n')
        yield made


@pytest.mark.servers
@pytest.mark.timeout(600)  # the first run fetches the packages
def test_one_user_installs_it_and_has_a_desk(machine: Machine) -> None:
    ways = block("first-desk.md: pipx install .").splitlines()
    assert len(ways) == 2
    for number, way in enumerate(ways):  # each for a user of its own: they are alternatives
        home = f"/root/{number}" if number else "/root"
        machine.run(f"mkdir -p {home}; {way}\n{home}/.local/bin/mailbridge --version", machine.checkout, HOME=home)

    with machine.running(block("README.md: pipx install ."), machine.checkout):
        pass
    machine.run(
        block('first-desk.md: mailbridge init ~/desk --name "Acme Support" --address support@acme.example')
        + block("first-desk.md: mkdir -m 700 secrets")
    )
    assert (
        machine.run("stat -c %a /root/desk/secrets /root/desk/secrets/mail; cat /root/desk/secrets/mail") == "700\n600\nthe app password\n"
    )
    first, *then = block("first-desk.md: mailbridge run").splitlines()
    with machine.running(first, "/root/desk"):
        for command in then:
            machine.run(command, "/root/desk")
    completion = block('commands.md: eval "$(mailbridge completion bash)"').splitlines()[0]
    assert "mailbridge" in machine.run(f"{completion}\ncomplete -p mailbridge")
    manual, page = block("commands.md: mailbridge man ~/.local/share/man/man1").splitlines()
    assert "NAME" in machine.run(f"{manual}\n{page}")


def configured(machine: Machine, *pieces: str) -> None:
    """The tables of the pieces are in /etc/mailbridge/mailbridge.toml, in the place of those that were there."""
    text = machine.read("/etc/mailbridge/mailbridge.toml")
    for piece in pieces:
        for table in tomllib.loads(piece):
            text = re.sub(rf"^\[+{table}\]+\n(?:[^\[\n].*\n|\n)*", "", text, flags=re.MULTILINE)
        text += f"\n{piece}"
    machine.write("/etc/mailbridge/mailbridge.toml", text)


def piece(page: str, table: str, text: str = "") -> str:
    return next(each.text for each in blocks() if each.page == page and each.kind == "toml" and table in each.text and text in each.text)


def postgresql(machine: Machine) -> None:
    """A server as Debian makes it: local connections by the system user's name, others by password."""
    server, data = programs(), "/var/lib/postgresql/recipes"
    log = machine.shared / "postgres.log"
    as_postgres = f"runuser -u postgres -- {server}"
    machine.run("install -d -o postgres /run/postgresql")
    machine.run(f"{as_postgres}/initdb -D {data} --auth-local=peer --auth-host=scram-sha-256 -E UTF8 --no-sync")
    machine.run(f"setsid {as_postgres}/postgres -D {data} -k /run/postgresql -F >{log} 2>&1 </dev/null &")
    wait_until(lambda: "ready to accept" in log.read_text(), "PostgreSQL starts")


MAIN_CF = """
compatibility_level = 3.6
maillog_file_prefixes = {shared}
maillog_file = {shared}/maillog
myhostname = mx.acme.example
mydestination =
relay_domains = acme.example
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
"""


def postfix(machine: Machine) -> None:
    """A server for acme.example with the lines of the page; mail to customers ends in it."""
    program("postfix", "postfix")
    machine.shared.chmod(0o777)
    lines = block("postfix.md: transport_maps = hash:/etc/postfix/transport") + block("postfix.md: milter_default_action = tempfail")
    machine.write("/etc/postfix/main.cf", MAIN_CF.format(shared=machine.shared) + lines)
    rejected = r"postfix.md: /^Authentication-Results:[[:space:]]*mx\.acme\.example[;[:space:]]/ IGNORE"
    machine.write("/etc/postfix/header_checks", block(rejected))
    transport(machine, block("postfix.md: support@acme.example lmtp:inet:127.0.0.1:2424"))
    machine.run("postfix start")


def transport(machine: Machine, line: str) -> None:
    machine.write("/etc/postfix/transport", f"{line}customer.test discard:\n")
    machine.run(block("postfix.md: postmap /etc/postfix/transport"))


def mails(machine: Machine, *recipients: str) -> None:
    """One mail to each has been handed to Postfix, from a customer who forges what a milter would say."""
    forged = b"Authentication-Results: mx.acme.example; dmarc=pass header.from=customer.test\n"
    for number, recipient in enumerate(recipients):
        raw = forged + a_mail(from_=f"carol{number}@customer.test", message_id=f"<{number}.{recipient}>")
        machine.run(f"/usr/sbin/sendmail -f carol{number}@customer.test {recipient}", stdin=raw.decode())


def until_said(machine: Machine, *words: str) -> None:
    """A line of Postfix's log has all the words; if that takes too long, both logs are told."""
    log = machine.shared / "maillog"
    try:
        wait_until(lambda: any(all(word in line for word in words) for line in log.read_text().splitlines()), " ".join(words))
    except pytest.fail.Exception:
        print(log.read_text(), (machine.shared / "service.log").read_text())
        raise


def as_service(command: str) -> str:
    """The command by the prefix of the page, for the service's user."""
    prefix = block("running.md: runuser -u mailbridge -- mailbridge --desk /etc/mailbridge status").removesuffix(" status")
    return f"{prefix} {command.removeprefix('mailbridge ')}"


def start(unit: str) -> str:
    """What the unit starts, as its user.  Not by runuser, which stays for two seconds after SIGTERM."""
    (command,) = re.findall(r"^ExecStart=(.*)$", (ROOT / "deploy" / "systemd" / unit).read_text(encoding="utf-8"), re.MULTILINE)
    return f"umask 077; exec setpriv --reuid=mailbridge --regid=mailbridge --init-groups {command}"


@pytest.mark.servers
@pytest.mark.timeout(600)
def test_a_service_behind_postfix_on_postgresql(machine: Machine) -> None:
    program("postfix", "postfix")
    into = "uv pip install --quiet --python /opt/mailbridge/bin/python"
    packages = f"uv venv --quiet /opt/mailbridge\n{into} --require-hashes -r requirements/runtime.lock\n{into} --no-deps ."
    machine.run(packages, machine.checkout, UV_COMPILE_BYTECODE="1")
    machine.run(block("running.md: useradd --system --home-dir /var/lib/mailbridge --shell /usr/sbin/nologin mailbridge"))
    machine.run("install -d -m 700 -o mailbridge -g mailbridge /var/lib/mailbridge")  # StateDirectory= of the unit
    postgresql(machine)
    machine.run(block("running.md: runuser -u postgres -- createuser mailbridge"))
    configured(
        machine, piece("running.md", "[store]", "postgresql"), piece("postfix.md", "[[listener]]"), piece("postfix.md", "[outgoing]")
    )
    machine.run(block('running.md: install -m 644 "$(mailbridge paths deploy)/systemd/mailbridge-worker@.service" /etc/systemd/system/'))
    machine.run(block("running.md: install -d -m 700 /etc/mailbridge-secrets") + block("running.md: systemctl daemon-reload"))
    assert "encryption-key" in machine.read("/etc/systemd/system/mailbridge.service.d/credentials.conf")
    machine.run(block("running.md: systemctl stop mailbridge"))
    assert "mailbridge-lmtp.socket" in machine.run("ls /etc/systemd/system/sockets.target.wants")
    wanted = machine.run("ls /etc/systemd/system/multi-user.target.wants")
    assert {"mailbridge.service", "mailbridge-worker@1.service", "mailbridge-worker@2.service"} <= set(wanted.split())
    postfix(machine)

    worker = start("mailbridge-worker@.service")
    with machine.running(start("mailbridge.service")), machine.running(worker), machine.running(worker):
        mails(machine, "support@acme.example", "support+x@acme.example", "support@acme.example")
        for number in range(3):
            until_said(machine, f"to=<carol{number}@customer.test>", "status=sent")
        status = machine.run(block("running.md: runuser -u mailbridge -- mailbridge --desk /etc/mailbridge status"))
        assert re.search(r"mail in +3 done", status)
    # What a sender wrote in the milter's name is gone before the desk sees it.
    assert [one["verified"] for one in json.loads(machine.run(as_service("tickets list --json")))] == [False] * 3
    by_pipe(machine)
    backed_up(machine)


def by_pipe(machine: Machine) -> None:
    """Postfix hands over by the command of the page; no daemon runs."""
    machine.run("cat >> /etc/postfix/master.cf", stdin=block("postfix.md: mailbridge unix - n n - 2 pipe"))
    (line,) = re.findall(
        r"^and `(support@acme\.example +mailbridge:)`", (ROOT / "docs/manual/postfix.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    transport(machine, f"{line}\n")
    configured(machine, piece("postfix.md", "[pipe]"))
    machine.run("postfix reload")
    mails(machine, "support@acme.example")
    until_said(machine, "relay=mailbridge", "status=sent")
    counts = json.loads(machine.run(as_service("queue counts --json")))
    assert counts["new"] == 1, counts


def backed_up(machine: Machine) -> None:
    """Backups as the pages make them; then the machine is lost, and the newest one is restored."""
    configured(machine, piece("backup.md", "[backup]"))
    machine.run(block('backup.md: runuser -u postgres -- psql -c "ALTER ROLE mailbridge CREATEDB"'))
    machine.run(block("backup.md: install -d -m 700 -o mailbridge /var/backups/mailbridge"))
    lines = [line.partition("  ")[0] for line in block("backup.md: mailbridge backup /var/backups/mailbridge").splitlines()]
    for line in lines:
        machine.run(as_service(line))
    again = [block(f"commands.md: {line}").splitlines()[0] for line in lines]
    assert again == lines

    keys = "/var/backups/mailbridge-keys.json"
    machine.run(f"cp /var/lib/mailbridge/backup-keys/mailbridge-keys-*.json {keys}; chown mailbridge {keys}")
    machine.run("rm -r /etc/mailbridge /var/lib/mailbridge; runuser -u postgres -- dropdb mailbridge")
    (_, database) = block("running.md: runuser -u postgres -- createuser mailbridge").splitlines()
    machine.run(database)
    machine.run(block("backup.md: install -d -m 700 -o mailbridge /var/lib/mailbridge"))
    assert len(json.loads(machine.run(as_service("tickets list --json")))) == 3
    machine.run(as_service("check"))
    line = block("commands.md: mailbridge listener passwd scanner >> /etc/mailbridge/users")
    machine.run(line.replace(" scanner ", " scanner --stdin "), stdin="secret word\n")  # there is no terminal to ask at
    assert machine.read("/etc/mailbridge/users").startswith("scanner:")
