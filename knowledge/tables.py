"""Every table, wherever its module stands: importing this makes ``Base.metadata`` whole."""

import knowledge.accounts.models
import knowledge.audit
import knowledge.delivery.models
import knowledge.editing.revisions
import knowledge.exchange.models
import knowledge.feedback
import knowledge.figures.models
import knowledge.handover.models
import knowledge.learning.models
import knowledge.model_files
import knowledge.once
import knowledge.reports
import knowledge.trained_models  # noqa: F401
from knowledge.models import Base

__all__ = ["Base"]
