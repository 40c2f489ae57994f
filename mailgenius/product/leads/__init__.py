"""Leads: the people of a workspace, how they are found, changed, counted, searched and chosen for a campaign.

Owns the tables leads, lead_counts, lead_fields, lead_activity, lead_staging, lead_bulk_acts, lead_bulk_parts
and joined_leads. Publishes leads.act_on_members_asked; listens to unsubscribes and bounces. A lead has up to
three identities (external id, e-mail, phone), each unique in its workspace. Every way in (page, API, import)
goes through the one merge of `service/merging.py`.
"""
