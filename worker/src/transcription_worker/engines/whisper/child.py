"""The process that listens: its argument is a `Task`.

Says `{"language": …}` once it knows, `{"segment": …}` for each segment, `{"seconds": …}` for sound
that is done, and `{"error": {"code": …, "message": …}}` at the end of what cannot be done.
"""

import sys
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel

from ...audio.pcm import BYTES_PER_SAMPLE, SAMPLE_RATE, PcmAudio
from ...audio.pieces import Piece, cut_at_silences
from ...children import end_with_parent, say
from .segments import to_segments
from .task import Task

# Whisper itself holds a spectrogram of all that it is given, and copies of it: 12 hours at once
# would take some 20 GB of memory. A new piece begins without the text before it, which also ends
# the loops that Whisper may get into.
_PIECE_SECONDS = 300.0
# Below this, the language of a piece is a guess, and the next piece is listened to again.
_SURE = 0.5
# As Whisper's own program: each try that came to nothing is followed by a freer one.
_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def main(args: list[str]) -> None:
    """Transcribes one file."""
    end_with_parent()
    task = Task.from_json(args[0])
    try:
        model = _load(task.model)
    except (RuntimeError, ValueError) as error:
        _fail("engine_unavailable", f"Whisper's model cannot be loaded: {error}")
        return
    language = task.language
    if language is not None and not _knows(model, language):
        _fail("unsupported_option", f"This Whisper model does not know the language {language}.")
        return
    path = Path(task.pcm)
    audio = PcmAudio(path, path.stat().st_size // BYTES_PER_SAMPLE)
    # Only what is read of it takes memory, and only while it is read.
    samples = np.memmap(path, "<i2", "r", shape=(audio.samples,))
    for piece in cut_at_silences(audio, _PIECE_SECONDS):
        language = _transcribe(model, task, samples, piece, language)
        say({"seconds": piece.end / SAMPLE_RATE})


def _load(folder: str) -> WhisperModel:
    if ctranslate2.get_cuda_device_count() > 0:
        # Old cards compute with more bits only.
        known = ctranslate2.get_supported_compute_types("cuda")
        compute_type = "float16" if "float16" in known else "default"
        return WhisperModel(folder, device="cuda", compute_type=compute_type)
    return WhisperModel(folder, device="cpu", compute_type="int8")


def _knows(model: WhisperModel, language: str) -> bool:
    # Cantonese came late: models before large-v3 have no token for it.
    known = model.hf_tokenizer.token_to_id(f"<|{language}|>") is not None
    return known and language in model.supported_languages


def _transcribe(
    model: WhisperModel,
    task: Task,
    samples: "np.memmap[tuple[int], np.dtype[np.int16]]",
    piece: Piece,
    language: str | None,
) -> str | None:
    """Transcribes a piece; gives the language of the next ones, where this one made it clear."""
    sound = samples[piece.start : piece.end].astype(np.float32)
    sound /= 32_768
    found, info = model.transcribe(
        sound,
        language=language,
        temperature=_temperatures(task.temperature),
        initial_prompt=task.initial_prompt,
        hotwords=task.hotwords,
        word_timestamps=task.word_times,
        vad_filter=True,
    )
    # Where nobody speaks, the language is any.
    if info.duration_after_vad > 0:
        say({"language": info.language})
        if info.language_probability >= _SURE:
            language = info.language
    for segment in found:
        for part in to_segments(segment, piece.offset, piece.offset + piece.duration):
            say({"segment": part})
    return language


def _temperatures(first: float | None) -> list[float]:
    first = first or 0.0
    return [first, *(other for other in _TEMPERATURES if other > first)]


def _fail(code: str, message: str) -> None:
    say({"error": {"code": code, "message": message}})


if __name__ == "__main__":
    main(sys.argv[1:])
