"""What can go wrong in the knowledge base, under one root."""

from typing import Any


class KnowledgeError(Exception):
    """Root of the package's errors; the message is one sentence fit for a terminal."""


class BadSettings(KnowledgeError, ValueError):
    """A setting is missing or contradicts another; the message says what to set."""


class DatabaseUnavailable(KnowledgeError, ConnectionError):
    """The database cannot be reached or opened."""


class DatabaseTooNew(KnowledgeError, RuntimeError):
    """The database was migrated by a newer Passerelle than this one; nothing in it was touched."""

    def __init__(self, found: str, known: str) -> None:
        super().__init__(
            f"The database is of a newer Passerelle (revision {found}, this one knows {known}): install that version again, "
            "or restore a backup of before the upgrade (docs/operations.md)."
        )


class InvalidDirectory(KnowledgeError, ValueError):
    """The data files were refused; ``problems`` lists every reason."""

    def __init__(self, problems: list) -> None:
        super().__init__(f"{len(problems)} problem(s) in the directory's files; nothing was loaded")
        self.problems = problems


class UnknownAction(KnowledgeError, KeyError):
    """No action has this id."""


class UnknownSheet(KnowledgeError, KeyError):
    """No sheet of this kind has this id, or it is archived."""


class InvalidSheet(KnowledgeError, ValueError):
    """A sheet was refused; ``problems`` (``knowledge.editing.checks.FieldProblem``) name every field and reason."""

    def __init__(self, problems: list) -> None:
        super().__init__(f"{len(problems)} problem(s) in the sheet; nothing was saved")
        self.problems = problems


class EditingConflict(KnowledgeError):
    """The sheet changed since the editor saw it; ``theirs`` is the last change, a ``Revision``."""

    def __init__(self, theirs: Any) -> None:
        super().__init__(f"{theirs.kind} {theirs.slug} was changed meanwhile by {theirs.by}; nothing was saved")
        self.theirs = theirs


class StillUsed(KnowledgeError):
    """The sheet cannot be archived while others need it; ``users`` are their (kind, id)."""

    def __init__(self, users: list[tuple[str, str]]) -> None:
        super().__init__(f"still used by {', '.join(slug for _, slug in users)}")
        self.users = users


class NeededInEmergencies(KnowledgeError):
    """A help number cannot be archived: the assistant names it in an emergency."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"{slug} is named in emergencies; nothing was archived")


class LastDoor(KnowledgeError):
    """An action cannot be archived: the assistant sends there whom nothing else can help."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"{slug} is a door of last resort; nothing was archived")


class EditedDirectory(KnowledgeError):
    """Loading files would undo what agents changed; ``changed`` are the (kind, id) of their sheets."""

    def __init__(self, changed: list[tuple[str, str]]) -> None:
        named = ", ".join(slug for _, slug in changed[:5]) + (", …" if len(changed) > 5 else "")
        super().__init__(
            f"Nothing was loaded: agents changed {len(changed)} sheet(s) that the files would undo ({named}); "
            "carry their changes into the files, or load with --replace (the history keeps them)."
        )
        self.changed = changed
