"""Kernels: one way of judging each, with the shared rules G1 to G10 inside."""
