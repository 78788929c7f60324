"""One file per source: `SCENARIOS` maps the name of each way of reading it to its scenario."""
