"""Who may use the console: accounts, passwords, sessions, second factor."""
