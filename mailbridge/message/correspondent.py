"""The author behind a mail that a program sent on: a list that rewrites From, or a web form.

Mailing lists and groups put their own address into From where the author's domain publishes a DMARC policy (RFC 7960, 4.1.3).  Web forms
send from an address of the site.  Both name the author in Reply-To or in a field of their own.  None of this is authenticated: the
correspondent receives the answer but gets no permissions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from mailbridge.message import auto_reply_markers
from mailbridge.message.addresses import read_addresses, strict_mailbox
from mailbridge.message.model import Address, Correspondent, Message, ReadingPolicy, Through
from mailbridge.message.tree import Tree

# Google Groups and Mailman put the author here when they replace From by the list's address.
ORIGINAL_FIELDS = ("x-original-from", "x-original-sender")
_ADDRESS = re.compile(r"[^\s<>,:;\"()]{1,64}@[a-z0-9.-]{1,253}")
_VIA_WORDS = "via|über|через|prin|a través de|por meio de|par|tramite|przez|経由"
_VIA = re.compile(rf"['\"]?(?P<name>[^'\"]{{1,120}}?)['\"]?\s+(?:{_VIA_WORDS})\s+\S", re.I)


def correspondent(tree: Tree, message: Message, policy: ReadingPolicy) -> Correspondent | None:
    """The one person behind a mail of a list or form.  None where From is the author, or where no single person is named."""
    sender = message.from_[0] if len(message.from_) == 1 else None
    through = _through(tree, message, policy, sender) if sender else None
    if sender is None or through is None:
        return None
    posts = _posting_addresses(tree)
    own = {sender.key, *posts}
    originals = [read_addresses(field.raw)[0] for name in ORIGINAL_FIELDS for field in tree.fields(name)[:1]] if through.is_list else []
    for candidates in (*originals, message.reply_to):
        found = {a.key: a for a in candidates if a.address and a.key not in own and not is_own(policy, [a.address])}
        author = next(iter(found.values())) if len(found) == 1 else None
        if author is not None and strict_mailbox(author.address).address:
            return Correspondent(address=author.address, name=author.name or _name_before_via(sender), through=through)
    return None


def _through(tree: Tree, message: Message, policy: ReadingPolicy, sender: Address) -> Through | None:
    """The type of sender that passed the mail on; None where From is not known to be a program."""
    own = is_own(policy, [sender.address])
    if list_fields(tree) and (own or sender.key in _posting_addresses(tree) or _name_before_via(sender)):
        return Through.GROUP if own else Through.LIST
    if own:
        return Through.GROUP if any(tree.get(name) for name in ORIGINAL_FIELDS) else Through.FORM
    if not message.reply_to or list_fields(tree):
        return None
    local = sender.address.partition("@")[0]
    if auto_reply_markers.FORM_SENDER.fullmatch(local) or _made_by_form(tree):
        # We answer a form of our own site as we answer mail.  Other forms get no acknowledgement to Reply-To, because a stranger could
        # choose any address there.
        return Through.FORM if sender.domain in {own.rpartition("@")[2] for own in policy.own_addresses} else Through.SERVICE
    return Through.SERVICE if auto_reply_markers.NO_REPLY.fullmatch(local) else None


def _made_by_form(tree: Tree) -> bool:
    if any(tree.get(name) is not None for name in auto_reply_markers.FORM_FIELDS):
        return True
    return auto_reply_markers.FORM_MAILER.search((tree.get("x-mailer") or "")[:200]) is not None


def list_fields(tree: Tree) -> list[str]:
    """The fields that identify a list or mass mailer."""
    return [name for name in auto_reply_markers.LIST_FIELDS if tree.get(name) is not None]


def _posting_addresses(tree: Tree) -> set[str]:
    """The addresses of the whole list, as far as its fields name them."""
    text = " ".join((tree.get(name) or "")[:500] for name in ("list-post", "mailing-list", "x-mailing-list", "x-beenthere")).lower()
    named = {address.removeprefix("mailto:") for address in _ADDRESS.findall(text)}
    listed = re.search(r"<([a-z0-9_+-]+)\.([a-z0-9.-]+)>", (tree.get("list-id") or "")[:500].lower())  # RFC 2919: <users.lists.example>
    return named | ({f"{listed[1]}@{listed[2]}"} if listed else set())


def _name_before_via(sender: Address) -> str:
    """The author's name in "Vera K via Users"; '' for another form."""
    found = _VIA.match(sender.name)
    return found["name"].strip() if found else ""


def answers_go_to_a_list(tree: Tree, message: Message) -> bool:
    """Whether an answer to From reaches all members of a list."""
    return any(address.key in _posting_addresses(tree) for address in message.from_[:1])


def is_own(policy: ReadingPolicy, addresses: Iterable[str]) -> bool:
    """Whether one of `addresses` is a mailbox of ours, ignoring a +detail."""
    plain = {re.sub(r"\+[^@]*@", "@", address.lower()) for address in addresses}
    return any(own in plain for own in policy.own_addresses)
