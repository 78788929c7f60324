"""Evidence over HTTP: a client that bounds and retries, and inquiries that are kept page by page and resumed."""
