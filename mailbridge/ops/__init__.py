"""Operation of the process: logs, metrics, HTTP, systemd, worker loops, and fault points for tests."""
