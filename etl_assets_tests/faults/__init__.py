"""Crashes at chosen instants; each test asserts the invariants of the design afterwards."""
