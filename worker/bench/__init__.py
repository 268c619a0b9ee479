"""What the client, the outbox and the speech engines cost: `python -m bench` in `worker/`."""
