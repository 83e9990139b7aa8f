"""What people are told when something goes wrong and when it is right again.

Belongs here: incidents, their store, messages, the channels they go through. It imports no Dagster. Does not belong
here: finding out that something is wrong (orchestration/signals.py, orchestration/volumes.py).
"""
