"""How the acts on campaigns stand in the audit log."""

from mailgenius.kit.audit import service as audit
from mailgenius.product.campaigns.model import Campaign

note: audit.Noting[Campaign] = audit.noting(lambda campaign: (campaign.id, campaign.name))
