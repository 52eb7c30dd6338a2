"""What an operator looks at: logs, health, and the named places where a test may pull the plug."""
