"""The history store: everything fetched is kept as Parquet, in the layout that the recorded source reads."""
