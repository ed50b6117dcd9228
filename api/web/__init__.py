"""The resident's web page: templates, static files, and how a card becomes lines of text."""
