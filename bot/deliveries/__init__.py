"""What is sent without having been asked at that moment: planned, claimed, sent once."""
