"""The process that listens: `PCM_FILE WORD_TIMES(0|1)`.

Says `{"seconds": …}`, the sound that is done, about twice per second of sound, and
`{"segment": …}` for each utterance.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from pocketsphinx import Decoder

from ...audio.pcm import BYTES_PER_SAMPLE, SAMPLE_RATE
from ...children import end_with_parent, say
from .utterances import find_speech, frame_bytes
from .words import Heard, to_segment

_SECONDS_BETWEEN_REPORTS = 0.5


def main(args: list[str]) -> None:
    """Transcribes one file of 16 kHz mono samples."""
    end_with_parent()
    path, word_times = Path(args[0]), args[1] == "1"
    duration = path.stat().st_size / BYTES_PER_SAMPLE / SAMPLE_RATE
    decoder = Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")
    start: float | None = None

    def finish(start: float) -> None:
        decoder.end_utt()
        segment = to_segment(_heard(decoder), start, duration, word_times)
        if segment is not None:
            say({"segment": segment})

    for speech in find_speech(_frames(path)):
        if start is None:
            decoder.start_utt()
            start = speech.start
        decoder.process_raw(speech.pcm)
        if speech.last:
            finish(start)
            start = None
    if start is not None:
        finish(start)
    say({"seconds": duration})


def _frames(path: Path) -> Iterator[bytes]:
    """Reads the file frame by frame, saying how far it is; the last frame is short or empty."""
    size = frame_bytes()
    done, said = 0.0, 0.0
    with path.open("rb") as file:
        while True:
            frame = file.read(size)
            yield frame
            if len(frame) < size:
                return
            done += size / BYTES_PER_SAMPLE / SAMPLE_RATE
            if done - said >= _SECONDS_BETWEEN_REPORTS:
                said = done
                say({"seconds": round(done, 2)})


def _heard(decoder: Decoder) -> Iterator[Heard]:
    # Without a hypothesis there is no list of words at all.
    for entry in decoder.seg() or ():
        yield Heard(entry.word, entry.start_frame, entry.end_frame, entry.prob)


if __name__ == "__main__":
    main(sys.argv[1:])
