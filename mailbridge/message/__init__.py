"""Bytes to facts: what a mail says, read totally (any bytes give a Message) and without touching anything else."""
