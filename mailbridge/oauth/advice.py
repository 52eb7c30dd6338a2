"""Explains refusals of OAuth providers and mail servers, with the next step.  Pure tables: the first line that matches counts."""

# ruff: noqa: E501  (a table of sentences for people)

from __future__ import annotations

from dataclasses import dataclass

from mailbridge.oauth.model import RefusedPart

SIGN_IN = "Sign in again: mailbridge auth login {account}"
_TRY = "then run: mailbridge auth login {account}"
_SECRETS = "Entra admin center > App registrations > your app > Certificates & secrets"


@dataclass(frozen=True, slots=True)
class _Line:
    needle: str  # in the provider's error code or description, case ignored
    fault: RefusedPart
    advice: str


# Sources: Microsoft's list of AADSTS codes; Google's "OAuth 2.0 errors" and OAuthPolicy pages.
_REFUSALS = (
    _Line("AADSTS7000222", RefusedPart.APP, f"The client secret has expired. Create one ({_SECRETS}), put its value into client_secret_file, {_TRY}"),
    _Line("AADSTS7000215", RefusedPart.APP, f"The client secret is wrong: copy its Value, not its Secret ID ({_SECRETS}), {_TRY}"),
    _Line("AADSTS7000218", RefusedPart.APP, "The app has no secret configured and is not a public client. Set client_secret_file, or allow public client flows "
          f"(App registrations > your app > Authentication > Advanced settings), {_TRY}"),
    _Line("AADSTS700016", RefusedPart.APP, f"The tenant does not know this client_id. Compare client_id and tenant with the app's Overview page, {_TRY}"),
    _Line("AADSTS700027", RefusedPart.APP, f"The certificate is not registered with the app, or its key does not match. Upload it ({_SECRETS}), {_TRY}"),
    _Line("AADSTS90002", RefusedPart.APP, f"There is no such tenant. Copy the Directory (tenant) ID of the app's Overview page into tenant, {_TRY}"),
    _Line("AADSTS50011", RefusedPart.APP, f"The redirect address is not registered. Add http://localhost as a redirect URI of the app, {_TRY}"),
    _Line("AADSTS65001", RefusedPart.APP, "Consent is missing. An administrator grants it: App registrations > your app > API permissions > "
          f"Grant admin consent; {_TRY}"),
    _Line("AADSTS500011", RefusedPart.APP, "The tenant does not know the resource: Exchange Online is missing, or the app is in another cloud (cloud = …)"),
    _Line("AADSTS53003", RefusedPart.APP, "A Conditional Access policy blocks this sign-in. Many tenants block the device code flow: use flow = \"code\", "
          "or exclude the app from the policy"),
    _Line("AADSTS50173", RefusedPart.USER, "The password was changed or the sessions were revoked. " + SIGN_IN),
    _Line("AADSTS700082", RefusedPart.USER, "The login was not used for 90 days and has expired. " + SIGN_IN),
    _Line("AADSTS70043", RefusedPart.USER, "The login has expired under a policy of the tenant. " + SIGN_IN),
    _Line("AADSTS70008", RefusedPart.USER, "The login has expired. " + SIGN_IN),
    _Line("AADSTS50057", RefusedPart.USER, "The account is disabled. Enable it, then sign in again: mailbridge auth login {account}"),
    _Line("AADSTS50076", RefusedPart.USER, "The tenant asks for a second factor. " + SIGN_IN),
    _Line("AADSTS50079", RefusedPart.USER, "The tenant asks for a second factor. " + SIGN_IN),
    _Line("invalid_rapt", RefusedPart.USER, "Google Workspace asks for a new login (Google Cloud session control). Exempt the app under Admin console > "
          "Security > Google Cloud session control, then sign in again: mailbridge auth login {account}"),
    _Line("unauthorized to retrieve access tokens", RefusedPart.APP, "The service account has no domain-wide delegation for this scope. Admin console > "
          f"Security > API controls > Domain-wide delegation: add its client ID with https://mail.google.com/, {_TRY}"),
    _Line("invalid email or user id", RefusedPart.APP, f"There is no such user in this Workspace. Correct the mailbox's user, {_TRY}"),
    _Line("client was not found", RefusedPart.APP, f"Google does not know this client_id. Copy it again from Google Cloud > Credentials, {_TRY}"),
    _Line("deleted_client", RefusedPart.APP, f"The OAuth client was deleted. Create one in Google Cloud > Credentials, {_TRY}"),
    _Line("expired or revoked", RefusedPart.USER, "The login has expired or was revoked. A consent screen in status \"Testing\" ends each login after 7 days: "
          "make the app Internal, or publish it. " + SIGN_IN),
    _Line("invalid_grant", RefusedPart.USER, "The login is no longer valid. " + SIGN_IN),
    _Line("interaction_required", RefusedPart.USER, SIGN_IN),
    _Line("login_required", RefusedPart.USER, SIGN_IN),
    _Line("consent_required", RefusedPart.USER, SIGN_IN),
    _Line("access_denied", RefusedPart.USER, "The consent was declined. " + SIGN_IN),
    _Line("expired_token", RefusedPart.USER, "The code was not entered in time. " + SIGN_IN),
    _Line("invalid_client", RefusedPart.APP, f"The client ID, secret or certificate is wrong. Correct [oauth.{{account}}], {_TRY}"),
    _Line("unauthorized_client", RefusedPart.APP, f"The app may not use this flow. Allow it at the provider, or change flow in [oauth.{{account}}], {_TRY}"),
    _Line("unsupported_grant_type", RefusedPart.APP, f"The provider does not know this flow. Change flow in [oauth.{{account}}], {_TRY}"),
    _Line("invalid_scope", RefusedPart.APP, f"The provider refuses the scopes. Correct the app's permissions, or scopes in [oauth.{{account}}], {_TRY}"),
)  # fmt: skip

# Error codes of RFC 6749 5.2, RFC 8628 3.5 and OpenID Connect Core 3.1.2.6 that are refusals.  Other errors may be temporary.
REFUSING = frozenset(
    {"invalid_grant", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "access_denied", "deleted_client"}
    | {"interaction_required", "login_required", "consent_required", "expired_token"}
)

_PRINCIPAL = (
    "New-ServicePrincipal -AppId CLIENT_ID -ObjectId OBJECT_ID (the Object ID of the enterprise application, not of the app registration); "
    "Add-MailboxPermission -Identity {mailbox} -User OBJECT_ID -AccessRights FullAccess"
)
_SERVERS = (
    ("authenticated but not connected",
     "The token is accepted but the mailbox is not opened: the service principal or the mailbox permission is missing, the scope is wrong, or "
     "IMAP is off. Exchange PowerShell: " + _PRINCIPAL + "; Set-CASMailbox -Identity {mailbox} -ImapEnabled $true"),
    ("5.7.30",
     "The server no longer accepts passwords for sending. Use OAuth: oauth = \"…\" in [outgoing]"),
    ("5.7.139",
     "SMTP AUTH is off for this mailbox or the whole organisation (the mailbox's setting has three states; empty inherits). Exchange PowerShell: "
     "Set-CASMailbox -Identity {mailbox} -SmtpClientAuthenticationDisabled $false"),
    ("smtpclientauthentication is disabled",
     "Exchange PowerShell: Set-CASMailbox -Identity {mailbox} -SmtpClientAuthenticationDisabled $false"),
    ("5.7.3 ",
     "The server refuses the token for sending: the permission SMTP.Send (signed in) or SMTP.SendAsApp (app) is missing, SMTP AUTH is off, or the "
     "service principal is missing. Exchange PowerShell: Set-CASMailbox -Identity {mailbox} -SmtpClientAuthenticationDisabled $false; " + _PRINCIPAL),
    ("sendasdenied",
     "The login may not send as this address. Exchange PowerShell: Add-RecipientPermission -Identity {mailbox} -Trustee OBJECT_ID -AccessRights SendAs"),
    ("5.7.60",
     "The login may not send as this address. Exchange PowerShell: Add-RecipientPermission -Identity {mailbox} -Trustee OBJECT_ID -AccessRights SendAs"),
    ("too many simultaneous connections",
     "The mailbox has reached its limit of connections: read fewer folders, or close other programs that use it"),
    ("not enabled for imap",
     "IMAP is off for this account: turn it on in the mail settings, or in the Admin console under Apps > Gmail > End User Access"),
    ("application-specific password required",
     "The server requires OAuth or an app password: set oauth = \"…\""),
)  # fmt: skip


def refusal_of(error: str, description: str, account: str) -> tuple[RefusedPart, str]:
    """Which part of the configuration a refusal of the token endpoint is about, and the advice for the administrator."""
    said = f"{error} {description}".lower()
    for line in _REFUSALS:
        if line.needle.lower() in said:
            return line.fault, line.advice.format(account=account)
    return RefusedPart.USER, SIGN_IN.format(account=account)


def is_refusal(error: str, description: str) -> bool:
    """Whether the error is a refusal.  Microsoft also refuses with an AADSTS code in the description of a general error."""
    said = description.lower()
    known = any(line.needle.startswith("AADSTS") and line.needle.lower() in said for line in _REFUSALS)
    return error in REFUSING or (error == "invalid_request" and known)


def of_server(reply: str, mailbox: str) -> str:
    """Advice for the reply with which an IMAP or SMTP server refused; '' if the table has none."""
    said = f"{reply.lower()} "
    return next((advice.format(mailbox=mailbox) for needle, advice in _SERVERS if needle in said), "")
