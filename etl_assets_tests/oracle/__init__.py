"""Independent recomputations from the specification alone; nothing here imports the package under test."""
