"""Messages to people and to their tools: an outbox that survives, channels that deliver, and what was received."""
