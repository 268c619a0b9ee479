"""What the client and the outbox cost: `python -m bench` in `worker/`."""
