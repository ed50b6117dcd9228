"""From the bot to a person and back: call-back requests, and conversations in which an agent writes."""
