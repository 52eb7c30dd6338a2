"""Stories of a desk as a person would tell them: mails in, what becomes of them, mails out.  README.md says how to write one."""
