"""Which jobs the installation has, and what its doors are given."""

from mailgenius.kit.jobs import Jobs, JobTable


def job_tables() -> list[JobTable]:
    """Return the jobs of every area, one line each."""
    return []


def build_jobs() -> Jobs:
    return Jobs(job_tables())
