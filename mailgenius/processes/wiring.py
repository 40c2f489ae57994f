"""Which jobs the installation has, and what its doors are given."""

from mailgenius.engine.dead_letters.jobs import jobs as dead_letters_jobs
from mailgenius.engine.intake.jobs import jobs as intake_jobs
from mailgenius.kit.jobs import Jobs, JobTable
from mailgenius.ops.maintenance import jobs as maintenance_jobs
from mailgenius.product.campaigns.jobs import jobs as campaigns_jobs
from mailgenius.product.exports.jobs import jobs as exports_jobs
from mailgenius.product.forms.jobs import jobs as forms_jobs
from mailgenius.product.imports.jobs import jobs as imports_jobs
from mailgenius.product.joins.jobs import jobs as joins_jobs
from mailgenius.product.leads.jobs import jobs as leads_jobs
from mailgenius.product.privacy.jobs import jobs as privacy_jobs
from mailgenius.product.segments.jobs import jobs as segments_jobs
from mailgenius.product.uploads.jobs import jobs as uploads_jobs
from mailgenius.product.workspaces.jobs import jobs as workspaces_jobs


def job_tables() -> list[JobTable]:
    """Return the jobs of every area, one line each."""
    return [
        exports_jobs,
        imports_jobs,
        leads_jobs,
        workspaces_jobs,
        intake_jobs,
        dead_letters_jobs,
        campaigns_jobs,
        forms_jobs,
        joins_jobs,
        privacy_jobs,
        segments_jobs,
        uploads_jobs,
        maintenance_jobs,
    ]


def build_jobs() -> Jobs:
    return Jobs(job_tables())
