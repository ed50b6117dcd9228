"""What can go wrong in the knowledge base, under one root."""


class KnowledgeError(Exception):
    """Root of the package's errors; the message is one sentence fit for a terminal."""


class DatabaseUnavailable(KnowledgeError, ConnectionError):
    """The database cannot be reached or opened."""


class InvalidDirectory(KnowledgeError, ValueError):
    """The data files were refused; ``problems`` lists every reason."""

    def __init__(self, problems: list) -> None:
        super().__init__(f"{len(problems)} problem(s) in the directory's files; nothing was loaded")
        self.problems = problems


class UnknownAction(KnowledgeError, KeyError):
    """No action has this id."""
