"""The screens, one module per area: a request, one call of a service, a template. Rules live in `product`."""
