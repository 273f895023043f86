"""The pages: a view parses, calls one function of the services and answers with a template."""
