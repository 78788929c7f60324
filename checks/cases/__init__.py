"""Breach cases as pure data: entries, the case they fold to, the steps that are allowed, and the clocks that run."""
