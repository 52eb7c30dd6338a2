"""Reading hostile mail where it can be killed: child processes with limits on time and memory."""
