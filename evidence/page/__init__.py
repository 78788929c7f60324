"""The verifier as one offline page: its sources, and what they share with the classes of `evidence`."""
