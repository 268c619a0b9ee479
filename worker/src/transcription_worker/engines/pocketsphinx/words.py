"""From what the decoder heard to a segment with words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_FRAMES_PER_SECOND = 100
# The dictionary's second and third pronunciations are called `read(2)`.
_VARIANT = re.compile(r"\(\d+\)$")


@dataclass(frozen=True, slots=True)
class Heard:
    """One entry of the decoder's answer: frames of 10 ms from the start of the utterance."""

    word: str
    start_frame: int
    end_frame: int
    probability: float


def to_segment(
    heard: Iterable[Heard], start: float, duration: float, word_times: bool
) -> dict[str, object] | None:
    """A segment, as JSON, of one utterance; `None` where no word was heard.

    `heard` is the decoder's answer, with its marks for silence and noise; `start` the utterance's
    beginning and `duration` that of the whole audio, both in seconds; `word_times` whether to keep
    the words beside the text.
    """

    def at(frame: int) -> float:
        return round(min(start + frame / _FRAMES_PER_SECOND, duration), 3)

    words: list[dict[str, object]] = []
    confidences: list[float] = []
    for entry in heard:
        if entry.word[0] in "<[+":
            continue
        # Sums of rounded logarithms come out a little over 1.
        confidences.append(round(min(max(entry.probability, 0.0), 1.0), 4))
        words.append(
            {
                "word": _VARIANT.sub("", entry.word),
                "start": at(entry.start_frame),
                "end": at(entry.end_frame + 1),
                "confidence": confidences[-1],
            }
        )
    if not words:
        return None
    segment: dict[str, object] = {
        "start": words[0]["start"],
        "end": words[-1]["end"],
        "text": " ".join(str(word["word"]) for word in words),
        "confidence": _mean(confidences),
    }
    return segment | {"words": words} if word_times else segment


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)
