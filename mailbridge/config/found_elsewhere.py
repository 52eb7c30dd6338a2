"""Values that a file only points to, because they are secrets."""

FROM_FILE, FROM_VARIABLE = "file:", "env:"  # begin an address that a file or a variable of the environment holds
