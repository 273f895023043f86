"""The pages: views that parse, call one function of the services, and answer with a template."""
