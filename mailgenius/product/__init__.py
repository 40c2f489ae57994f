"""What a customer talks about: workspaces, leads, imports, templates, campaigns, analytics."""
