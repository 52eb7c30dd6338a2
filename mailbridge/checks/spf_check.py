"""SPF: whether the domain of the envelope allows the client's IP address (RFC 7208).  Only this module imports pyspf."""

from __future__ import annotations

from typing import Any

import spf

from mailbridge.checks.dmarc import SpfIdentity
from mailbridge.checks.resolver import Resolver, Unanswered


class _Question(spf.query):  # type: ignore[misc]  # pyspf has no types
    """pyspf's query with our resolver, its time limits and its cache, without patching pyspf."""

    def __init__(self, resolver: Resolver, until: float, *, peer: str, mail_from: str, helo: str) -> None:
        super().__init__(i=peer, s=mail_from, h=helo)
        self._resolver, self._until = resolver, until

    def dns(self, name: Any, qtype: str, cnames: Any = None, ignore_void: bool = False) -> list[Any]:
        """The records in pyspf's form.  The resolver has followed CNAMEs."""
        try:
            found = self._resolver.ask(str(name), qtype, until=self._until)
        except Unanswered as error:
            raise spf.TempError(str(error)) from error
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:  # RFC 7208 4.6.4
                raise spf.PermError("too many lookups of names that do not exist")
        return [(record,) if isinstance(record, bytes) else record for record in found]

    def get_explanation(self, spec: Any) -> str:
        """Returns ''.  The explanation (RFC 7208 6.2) is not used and would cost queries."""
        return ""


def check(resolver: Resolver, *, peer: str, mail_from: str, helo: str, until: float) -> SpfIdentity:
    """The SPF result of mail from `mail_from` ('': of the host `helo`) that came from the IP address `peer`."""
    domain = (mail_from.rpartition("@")[2] if mail_from else helo).lower().rstrip(".")
    if "." not in domain or domain.startswith("["):
        return SpfIdentity(domain=domain, result="none", reason="no domain name")
    try:
        sender = _ascii(mail_from)
        question = _Question(resolver, until, peer=peer, mail_from=sender, helo=_ascii(helo) or "unknown")
        result, _code, reason = question.check()
    except Exception as error:  # the record is untrusted and pyspf may raise anything: it must not stop the mail
        return SpfIdentity(domain=domain, result="permerror", reason=f"cannot be evaluated: {type(error).__name__}")
    told = reason[:200] if result in ("temperror", "permerror") else ""
    return SpfIdentity(domain=domain, result=result, reason="".join(c if c.isprintable() else "?" for c in told))


def _ascii(address: str) -> str:
    """The address with its domain as A-labels (RFC 7208 4.3)."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.encode('idna').decode('ascii')}" if not domain.isascii() else address
