"""Limits on how much of a mail is read.  Excess content is recorded as a defect and stays in the raw mail."""

from __future__ import annotations

HEADER_BYTES = 1 << 20  # of one header block
FIELD_BYTES = 64 << 10  # of one field's value; mail-parser takes quadratic time for encoded words
FIELDS = 1000  # of one header block
ADDRESSES = 1000  # of one address field
IDS = 1000  # of References and In-Reply-To
PARAMS = 100  # of one Content-Type or Content-Disposition
BOUNDARY_BYTES = 500  # RFC 2046 allows 70
SCANNED_BYTES = 128 << 20  # by all searches for boundaries together; there is one search for each container
LOOKALIKES = 100_000  # places in one mail that begin like a boundary
DEPTH = 100  # containers within containers
PARTS = 1000  # containers and leaves of one mail, nested messages included
NESTED_MESSAGES = 20  # messages within messages that are opened for the list of parts
HTML_BYTES = 2 << 20  # of one HTML body handed to the sanitiser
HTML_DEPTH = 400  # open elements; the sanitiser's time grows with the square of it
FILE_NAME = 200  # characters of a file name that is shown
INLINE_FILES = 100  # uuencoded files taken out of one text
TNEF_STEPS = 100_000  # attributes, properties and values of one winmail.dat
CALENDAR_BYTES = 512 << 10
SUMMARY = 4_000  # characters of the summary of a calendar file
DEFECTS = 100  # recorded for one mail
TEXT_BYTES = 2 << 20  # of all text bodies of a mail together: a thousand pages
PART_TEXT_BYTES = 1 << 20  # of a leaf whose text is in the list of parts
