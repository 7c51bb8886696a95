"""What the emulated chat platforms share: a clock that tests move, waiting for what happens, and faults that strike."""
