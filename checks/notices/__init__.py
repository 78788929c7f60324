"""Notices of a breach: templates per regime and phase, the facts they need, and the text they become."""
