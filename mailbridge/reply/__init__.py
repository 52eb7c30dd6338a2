"""What the person wrote now, apart from quote, signature, disclaimer and forward.  Pure."""
