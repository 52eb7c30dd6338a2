"""Telling people: what is to be said to whom (pure), how it looks, and getting it there."""
