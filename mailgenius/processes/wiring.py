"""Which jobs the installation has, and what its doors are given."""

from mailgenius.engine.intake.jobs import jobs as intake_jobs
from mailgenius.kit.jobs import Jobs, JobTable


def job_tables() -> list[JobTable]:
    """Return the jobs of every area, one line each."""
    return [
        intake_jobs,
    ]


def build_jobs() -> Jobs:
    return Jobs(job_tables())
