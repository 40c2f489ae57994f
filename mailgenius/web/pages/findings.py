"""Findings of templates and campaigns in the language of the page."""

from mailgenius.product.templates.model import Finding
from mailgenius.web import i18n


def finding_text(finding: Finding) -> str:
    """The sentence of a finding."""
    gettext = i18n.translations(i18n.current_locale()).gettext
    return gettext(finding.message).format_map(finding.values)
