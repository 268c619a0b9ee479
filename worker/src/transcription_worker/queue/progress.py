"""How far a job is, and how long it will take."""

# Percent of a job that decoding takes: it is fast beside listening. The last percent is the end's.
_DECODED = 5.0
_LISTENED = 99.0
# Share of a stage that must be done before its speed says anything.
_ENOUGH = 0.02


def decoding_progress(fraction: float) -> float:
    """Percent of the job when this share (0-1) of its file is decoded."""
    return round(_DECODED * min(1.0, fraction), 1)


def transcribing_progress(fraction: float) -> float:
    """Percent of the job when this share (0-1) of its sound is transcribed."""
    return round(_DECODED + (_LISTENED - _DECODED) * min(1.0, fraction), 1)


def seconds_left(fraction: float, elapsed: float) -> float | None:
    """Seconds that the rest takes when `fraction` took `elapsed`; `None` while it is too early."""
    if fraction < _ENOUGH:
        return None
    return round(elapsed * (1 - fraction) / fraction, 1)
