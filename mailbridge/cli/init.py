"""`mailbridge init`: writes the files of a new desk."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from mailbridge.config import names, shipped
from mailbridge.config.reading import Wrong
from mailbridge.errors import Permanent

TOML = """\
#:schema rules/schema/mailbridge.json
# The desk: who it is, where mail comes from, where mail goes.  Rules, teams and SLA targets are YAML under rules/,
# the words of our mails are Jinja2 under templates/.  Look for mistakes with: mailbridge check
# Relative paths start at this folder.  Nothing secret belongs in here: passwords come from a file or a variable.

[desk]
name = {name}
address = {address}
# also = ["help@acme.example"]      # further addresses of this desk
# prefix = "MB"                     # tickets are called MB-1, MB-2, ...  Never change it once mail is out.
# language = "en"                   # of our mails where the customer's language is not known
# admins = ["you@acme.example"]     # are notified of broken rules, quarantined mail and exceeded limits
# plus_addressing = true            # false when support+anything@ does not reach the mailbox

# Agents are proven by DKIM, which the desk checks itself for mail from IMAP.  The results of your own mail server are believed where
# a mailbox or listener says so (profile, trusted_peers): docs/manual/checks.md.  `mailbridge check` says who is not proven, and why.
{trust}

[store]
{store}     # or postgresql://mailbridge@localhost/mailbridge

# --- Mail in: any number of mailboxes and listeners ------------------------------------------------------------------

# [[mailbox]]                       # IMAP, new mail at once (IDLE)
# name = "main"
# host = "imap.acme.example"
# user = "support@acme.example"
# password_file = "secrets/imap"    # one line; chmod 600; .gitignore keeps secrets/ out of git
# folders = ["INBOX"]
# take = "new"                      # what the first connect takes: new, unseen, "since 2026-11-01", all.  Later every new mail is taken
# profile = "google"                # or "microsoft", "postfix-milter", "rspamd": where its server's results stand
# after = "seen"                    # what becomes of a mail once it is safe here: leave, flag, seen, move, delete

{listener}

# --- Mail out --------------------------------------------------------------------------------------------------------

[outgoing]
{outgoing}            # nothing leaves this machine: look at our mails in outgoing/new first.  Then:
# url = "smtp://mail.acme.example:587"
# user = "support@acme.example"
# password_file = "secrets/smtp"

# Limits against loops and abuse, worker processes and logging have defaults that fit most desks.
# The manual has every key, in configuration.md; `mailbridge paths manual` prints the folder it is in.
"""

TRUST = '# authserv_ids = ["mx.acme.example"]   # the name under which your own mail server writes its results'
DEMO_TRUST = """\
# This is a demonstration: whoever holds the signed reply address of a mail to an agent is taken for that agent, so that you can answer
# as one with any program.  Fine for looking, not for the Internet.
agent_trust = "token\""""

LISTENER = """\
# [[listener]]                      # your Postfix or Exim hands over by LMTP: the manual's page postfix.md
# protocol = "lmtp"
# port = 2424
# trusted_peers = ["127.0.0.1"]     # where it connects from: its results are believed, nobody else's
# profile = "postfix-milter\""""
DEMO_LISTENER = """\
[[listener]]
protocol = "smtp"
host = "127.0.0.1"
port = {port}
trusted_peers = ["127.0.0.1"]       # the demo hands mails over as a mail server does, with its results (SPF, DKIM, DMARC) above them
profile = "own"
authserv_ids = ["mx.demo.example"]"""

TEMPLATES_README = """\
# The words of this desk's mails

This folder is empty on purpose: mailbridge brings its templates along and uses a file of yours instead wherever one
has the same name.  So an upgrade improves what you did not touch and leaves alone what you did.

To change a mail, write `mail/<audience>.<event>.j2` here, for example `mail/customer.received.j2`: one template for
text and HTML, in all languages. Start from the shipped one:

    mkdir -p templates/mail
    cp "$(mailbridge paths templates)/mail/customer.received.j2" templates/mail/

To change single sentences, or to add a language, write `locales/<language>/mail.po`. The manual's page templates.md says how.

`mailbridge check` renders every template and names file and line of a mistake.
"""

GITIGNORE = """\
# The database, the mails caught in a Maildir and everything secret stay out of git. Rules and templates belong in it.
*.db
*.db-wal
*.db-shm
*.db.lock
/outgoing/
/secrets/
/backup-keys/
/dkim-*.pem
*.key
*.secret
/google.json
"""


DEMO_PAGES = """
[web]
listen = "127.0.0.1:{port}"
"""


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="DIR")
@click.option("--name", default="Support", show_default=True, help="The desk's name in its mails.")
@click.option("--address", default="support@demo.example", show_default=True, help="The address customers write to.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the database and outgoing mail go if the service cannot write to the desk's folder: /var/lib/mailbridge.",
)
@click.option("--demo", is_flag=True, help="A demonstration desk: SMTP listener on loopback, outgoing mail in a Maildir.")
@click.option("--port", default=2525, show_default=True, type=click.IntRange(1, 65535), help="The listener's port, with --demo.")
@click.option("--show-templates", is_flag=True, help="Print where the shipped templates are, and write nothing.")
def init(folder: Path | None, name: str, address: str, data: Path | None, demo: bool, port: int, show_templates: bool) -> None:
    """Write a new desk into DIR: mailbridge.toml and folders for rules, articles, answers and templates.

    DIR must be empty or must not exist.
    """
    if show_templates:
        click.echo(shipped.templates())
        return
    if folder is None:
        raise click.UsageError("name a folder: mailbridge init DIR")
    try:
        names.line(name)
        names.local_address(address)
    except Wrong as wrong:
        raise click.UsageError(f"{wrong}{f': {wrong.hint}' if wrong.hint else ''}") from wrong
    write_desk(folder, name=name, address=address, data=data, demo=demo, port=port)
    click.echo(f"""A desk for {address} is in {folder}/
  mailbridge.toml   where mail comes from and goes to; every line is explained
  rules/            teams, agents, SLA targets and routing: a working example to adapt
  knowledge/        empty: articles that customers and agents get by mail
  answers/          empty: answers ready to send
  templates/        empty: put a template here to change the text of a mail

Next:
  cd {folder}
  $EDITOR mailbridge.toml rules/teams.yaml
  mailbridge check          finds every mistake, with file and line
  mailbridge run            starts the desk; until you change [outgoing], no mail leaves this machine""")


def write_desk(
    folder: Path, *, name: str, address: str, data: Path | None = None, demo: bool = False, port: int = 2525, pages: int = 0
) -> None:
    """Writes the desk's files into `folder`.  Raises Permanent where it exists and is not empty; no file is overwritten.

    `pages`: the port of the demo's pages; 0: it has none.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Permanent(f"{folder} is not empty; nothing was written.  Name a new folder, or empty this one first.")
    folder.mkdir(parents=True, exist_ok=True)
    beside = f"{data.absolute()}/" if data else ""
    toml = TOML.format(
        name=quoted(name),
        address=quoted(address),
        store=f"url = {quoted(f'sqlite:///{beside}mailbridge.db')}",
        outgoing=f"url = {quoted(f'maildir:{beside}outgoing')}",
        trust=DEMO_TRUST if demo else TRUST,
        listener=DEMO_LISTENER.format(port=port) if demo else LISTENER,
    )
    toml += DEMO_PAGES.format(port=pages) if pages else ""
    (folder / "mailbridge.toml").write_text(toml, encoding="utf-8")
    (folder / ".gitignore").write_text(GITIGNORE, encoding="utf-8")
    shutil.copytree(shipped.rules(), folder / "rules", copy_function=shutil.copyfile)
    today = datetime.now(UTC).date()
    for name, moved in {"teams.yaml": fresh, "customers.yaml": fresh_contracts}.items():
        file = folder / "rules" / name
        file.write_text(moved(file.read_text(encoding="utf-8"), today), encoding="utf-8")
    for name in ("knowledge", "answers"):
        _copy_texts(shipped.folder(name), folder / name, samples=demo)
    (folder / "templates").mkdir()
    (folder / "templates" / "README.md").write_text(TEMPLATES_README, encoding="utf-8")


def _copy_texts(shipped_ones: Path, into: Path, *, samples: bool) -> None:
    """A new desk has the explanation alone: its customers must not get sample articles.  `samples`: the samples, too."""
    into.mkdir()
    for file in sorted(shipped_ones.glob("*.md") if samples else [shipped_ones / "README.md"]):
        shutil.copyfile(file, into / file.name)


def fresh(teams: str, today: date) -> str:
    """The sample with its absences and swaps moved into the coming weeks.  They move by whole weeks and keep their day of the week.

    Holidays keep their dates.
    """
    lines = teams.splitlines(keepends=True)
    found = [each for line in lines if "holidays" not in line for each in re.findall(_DAY, line)]
    starts = [date.fromisoformat(day) for day in found]
    latest = max(starts, default=today)
    weeks = timedelta(weeks=max(0, -((latest - today).days - LEAD.days) // 7))
    return "".join(line if "holidays" in line else _moved(line, weeks) for line in lines)


def fresh_contracts(customers: str, today: date) -> str:
    """The sample with its contracts moved by whole years, so that they are in force today and for a year or longer."""
    ends = [date.fromisoformat(day) for day in re.findall(rf"until: ({_DAY})", customers)]
    years = max(0, today.year + 1 - min((end.year for end in ends), default=today.year + 1))
    return re.sub(r"(?<=(?:since|until): )\d{4}(?=-)", lambda found: str(int(found[0]) + years), customers)


def _moved(line: str, by: timedelta) -> str:
    line = re.sub(_DAY, lambda found: (date.fromisoformat(found[0]) + by).isoformat(), line)
    return re.sub(r"\b(\d{4})-W(\d\d)\b", lambda found: _week(date.fromisocalendar(int(found[1]), int(found[2]), 1) + by), line)


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


_DAY = r"\b\d{4}-\d\d-\d\d\b"
LEAD = timedelta(weeks=8)  # from today to the last of the sample's dates


def quoted(text: str) -> str:
    """The text as a basic string of TOML.  The caller has refused control characters."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
