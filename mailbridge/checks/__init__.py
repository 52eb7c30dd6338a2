"""What the desk asks others about a mail before it is filed: the DNS about its sender, scanners about its content."""
