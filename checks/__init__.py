"""What counsel reads: the promises, how each is judged, and what a status means."""
