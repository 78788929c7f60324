"""What operations reads: everything that touches the world outside the process."""
