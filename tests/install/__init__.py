"""Installing mailbridge as people do: old pip, other packages of the same name, the systemd unit."""
