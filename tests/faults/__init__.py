"""Faults drawn at random, injected into every source; `storm` runs them, a scenario says what a source reads."""
