"""What can be wrong with an account. ``code`` names the sentence that a page shows."""

from knowledge.errors import KnowledgeError


class AccountRefused(KnowledgeError, ValueError):
    """A value of an account was refused; ``code`` says which and why."""

    _SENTENCES = {
        "name": "The name is empty or longer than 100 characters.",
        "email": "The e-mail address is not one.",
        "email_taken": "An account with this e-mail address exists already.",
        "too_short": "The password has fewer than 12 characters.",
        "too_long": "The password is longer than 1000 characters.",
        "common": "The password is among the most common ones: choose another.",
        "invitation": "The invitation is unknown, used or too old.",
        "last_administrator": "The last administrator who can sign in must stay one.",
    }

    def __init__(self, code: str) -> None:
        super().__init__(self._SENTENCES[code])
        self.code = code
