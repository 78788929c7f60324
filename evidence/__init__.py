"""What the auditor reads: pure code from bytes to trusted objects; no socket, no clock, no pipeline."""
