"""What administrators are told on top of every page, until it is mended or the day is over."""

from fastapi import Request

from api.wiring import Services
from knowledge.accounts.models import Account
from knowledge.delivery import abuse, spending
from knowledge.schedules import now_in_paris

# So many messages of numbers that are not written to are no mistake of one person: the gateway writes numbers its own way.
_REFUSED = 5


def notices(request: Request, account: Account | None) -> list[tuple[str, dict[str, int]]]:
    """Return (name, figures) of what needs an administrator; ``staff/notices.html`` words them."""
    if account is None or not account.may("administrator"):
        return []
    services: Services = request.app.state.services
    now, most = now_in_paris(), services.settings.sms_daily_segments
    with services.sessions() as session:
        alarmed = spending.alarmed(session, now.date()) if most else {}
        refused = abuse.refused(session, now.replace(hour=0, minute=0, second=0, microsecond=0))
    found = [("spent" if units >= most else "spending", {"units": units, "most": most}) for units in alarmed.values()]
    return [*found, ("refused", {"count": refused})] if refused >= _REFUSED else found
