"""Prefect's server, its PostgreSQL and a worker as plain processes on loopback: for tests and small installs."""
