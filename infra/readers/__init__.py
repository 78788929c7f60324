"""Reading the file formats of families into raw batches: CSV, JSON lines and Parquet."""
