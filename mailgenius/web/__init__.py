"""The pages people see: templates, components, assets, translations and the routes behind them.

Rules live in the product areas; a page is a service call and a template.
"""
