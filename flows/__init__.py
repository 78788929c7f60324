"""What the engineer on call reads: the wiring of the other rooms, under Prefect or directly."""
