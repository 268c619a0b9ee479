"""Makes ``speech.flac``; see README.md beside it."""

import subprocess
import tempfile
import wave
from pathlib import Path

import av
from av.audio.frame import AudioFrame

HERE = Path(__file__).parent
RATE = 16_000
PAUSE = bytes(2 * RATE * 6 // 10)
SENTENCES = (HERE / "speech.txt").read_text(encoding="utf-8").splitlines()


def speak(sentence: str) -> bytes:
    """Have flite say one sentence: 16 kHz mono samples of 16 bits."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/sentence.wav"
        subprocess.run(["flite", "-voice", "rms", "-t", sentence, "-o", path], check=True)
        with wave.open(path) as file:
            assert (file.getframerate(), file.getnchannels()) == (RATE, 1)
            return bytes(file.readframes(file.getnframes()))


def main() -> None:
    """Join the sentences with pauses and compress them without loss."""
    pcm = b"".join(speak(sentence) + PAUSE for sentence in SENTENCES)
    frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
    frame.planes[0].update(pcm)
    frame.sample_rate = RATE
    with av.open(str(HERE / "speech.flac"), "w") as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    main()
