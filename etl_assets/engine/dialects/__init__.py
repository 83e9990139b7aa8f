"""Differences between database servers, declared once per dialect; nothing else asks for a dialect's name."""
