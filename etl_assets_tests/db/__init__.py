"""Behaviour that only a real database shows."""
