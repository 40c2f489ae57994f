"""Customers' templates: merge fields, conditions and loops in text or HTML, rendered by MiniJinja.

Templates and the data put into them are hostile until proven otherwise. Fuel bounds the steps of a render,
but not the memory of one step: a variable doubled forty times is cheap in fuel and fatal in bytes. So
`grammar.py` first holds a source to a small part of the language in which nothing can grow like that,
`filters.py` bounds what a filter returns, and `compiled.py` counts what a render prints. `cutting.py` takes
the constant parts out of a source that is rendered many times. What the fields are called and where they
come from is not known here.
"""

from mailgenius.kit.rendering.compiled import (
    LONGEST_OUTPUT as LONGEST_OUTPUT,
    CompiledTemplate as CompiledTemplate,
    compile_template as compile_template,
)
from mailgenius.kit.rendering.cutting import SlotsTemplate as SlotsTemplate, cut as cut
from mailgenius.kit.rendering.errors import TemplateBroken as TemplateBroken
from mailgenius.kit.rendering.grammar import merge_fields as merge_fields
from mailgenius.kit.rendering.masking import MASK as MASK, Masked as Masked, mask as mask
from mailgenius.kit.rendering.values import (
    CleanValues as CleanValues,
    clean_values as clean_values,
    safe_url as safe_url,
)
