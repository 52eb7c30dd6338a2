"""The corpus of other projects' test mails and the hostile mails, scored column by column."""
