"""The mails of the desk as a mail program shows them: pictures for the manual, made from the stories of `tests/scenarios`."""
