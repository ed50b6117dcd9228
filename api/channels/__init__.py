"""Where people already are: each channel brings messages in and carries answers out; the core does the rest."""
