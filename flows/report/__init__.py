"""The report: one HTML file for people, made of a result and nothing else, that needs no network and no script."""
