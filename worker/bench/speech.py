"""Speech that is made on the spot, the same in every process: two voices and noise."""

import ctypes

import espeakng_loader
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from transcription_worker.audio import SAMPLE_RATE

# A conversation, one speaker after the other; no numbers, which have several spellings.
CONVERSATION = (
    "Good morning, and thank you for coming to the library at such short notice.",
    "I was told that the committee wants to postpone the renovation until next spring.",
    "That is only half of the story, because the roof has been leaking since October.",
    "How many shelves are affected, and who is going to move the books upstairs?",
    "The children's section is soaked, and two volunteers have already caught a cold.",
    "Then we should close the western entrance and put a bucket under every window.",
    "My sister works for an insurance company, and she says that photographs help a lot.",
    "Please send them to the treasurer before the auditors arrive on Thursday afternoon.",
    "She also mentioned that wooden furniture swells when nobody opens the curtains.",
    "I doubt it, although the piano in the reading room has sounded strange for weeks.",
    "Could the orchestra rehearse in the chapel while the carpenters repair the floor?",
    "Only if the neighbours agree, since the trumpets wake their baby every evening.",
    "Let us write to the mayor, who promised us money for a new heating system.",
    "He promised the same to the museum, the swimming pool and the botanical garden.",
    "Nevertheless, a friendly letter with a few signatures cannot do any harm.",
    "Fine, you write the letter, and I will collect the signatures at the market.",
)
# American and British; words a minute.
_VOICES = (("en-us", 165), ("en-gb-x-rp", 180))
_PAUSE_SECONDS = 0.4
# Of speech over noise: a busy room.
_DECIBELS = 10.0

_RETRIEVE, _UTF8, _RATE = 1, 1, 1
_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


def conversation() -> bytes:
    """The conversation with its noise: 16 kHz mono samples of 16 bits, over a minute."""
    sentences = [
        speak(text, *_VOICES[number % len(_VOICES)]) for number, text in enumerate(CONVERSATION)
    ]
    pause = bytes(2 * int(SAMPLE_RATE * _PAUSE_SECONDS))
    return add_noise(pause.join([*sentences, b""]), _DECIBELS)


def speak(text: str, voice: str, words_per_minute: int) -> bytes:
    """One sentence by espeak-ng: 16 kHz mono samples of 16 bits."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    heard: list[bytes] = []

    def take(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: object) -> int:
        if count > 0:
            heard.append(ctypes.string_at(samples, 2 * count))
        return 0

    callback = _Callback(take)  # kept here: the library has only its address
    rate = library.espeak_Initialize(_RETRIEVE, 0, espeakng_loader.get_data_path().encode(), 0)
    try:
        if rate <= 0 or library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise RuntimeError(f"espeak-ng has no voice {voice}")
        library.espeak_ng_SetRandSeed(1)
        library.espeak_SetSynthCallback(callback)
        library.espeak_SetParameter(_RATE, words_per_minute, 0)
        encoded = text.encode()
        library.espeak_Synth(encoded, len(encoded) + 1, 0, 0, 0, _UTF8, None, None)
        library.espeak_Synchronize()
    finally:
        library.espeak_Terminate()
    return _resample(b"".join(heard), rate)


def add_noise(pcm: bytes, decibels: float) -> bytes:
    """The samples with steady noise that is so much quieter, more of it in the low tones."""
    speech = np.frombuffer(pcm, "<i2").astype(np.float64)
    spectrum = np.fft.rfft(np.random.default_rng(7).standard_normal(len(speech)))
    spectrum /= np.sqrt(np.arange(1, len(spectrum) + 1))
    noise = np.fft.irfft(spectrum, len(speech))
    noise *= np.sqrt(np.mean(speech**2) / np.mean(noise**2)) * 10 ** (-decibels / 20)
    return np.clip(speech + noise, -32_768, 32_767).astype("<i2").tobytes()


def _resample(pcm: bytes, rate: int) -> bytes:
    frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
    frame.planes[0].update(pcm)
    frame.sample_rate = rate
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return b"".join(bytes(part.planes[0])[: part.samples * 2] for part in frames)
