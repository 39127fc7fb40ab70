"""How one page look ended, and what is to be written of it. Pure."""

from dataclasses import dataclass, field
from typing import Any

from newswire.outcomes import PageOutcome, Stage
from newswire.records import DeadLetter, Report
from newswire.store.pages import DuePage, Retry
from newswire.store.trail import Step


@dataclass(frozen=True, slots=True)
class PageEnd:
    """One end of one look: at most one of a report, a retry and a dead letter comes with it."""

    page: DuePage
    outcome: PageOutcome
    reason: str | None = None  # a FetchReason, ParseReason, PageReason or DeadReason
    report: Report | None = None
    retry: Retry | None = None
    letter: DeadLetter | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def step(self, now: float) -> Step:
        """Return the line of the trail that tells it."""
        detail = dict(self.detail)
        if self.report is not None:
            detail |= {
                "basis": self.report.basis,
                "label": self.report.label,
                "score": round(self.report.score, 3),
                "language": self.report.language,
                "home": self.report.home,
                "partners": list(self.report.partners),
                "topics": list(self.report.topics),
                "characters": len(self.report.text),
            }
        if self.retry is not None:
            detail |= {"attempts": self.retry.attempts, "due_at": self.retry.due_at}
        return Step(*self.page.key, Stage.READ_PAGE, step="", outcome=self.outcome, reason=self.reason, detail=detail, at=now)
