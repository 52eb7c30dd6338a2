"""The desk's own texts: articles of the knowledge base and answers ready to send, how they are read, and which of them fit a mail.

Pure: the texts come in, values come out.
"""
