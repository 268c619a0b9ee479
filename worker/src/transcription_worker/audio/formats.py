"""Which containers are read, and what people call them."""

_NAMES = {
    "aac": "aac",
    "flac": "flac",
    "matroska": "webm",
    "mov": "m4a",
    "mp3": "mp3",
    "ogg": "ogg",
    "wav": "wav",
}

# For messages, in the words of the people who read them.
ACCEPTED_FORMATS = ("mp3", "m4a", "mp4", "ogg", "webm", "mkv", "flac", "wav", "aac")

# Options for opening a file that a stranger sent.
OPEN_OPTIONS = {
    # Playlists (hls, concat, dash) would let an upload name other files and addresses to read.
    "format_whitelist": ",".join(_NAMES),
    "protocol_whitelist": "file",
}


def format_name(demuxer: str, has_video: bool) -> str:
    """A container's name for `audioInfo.format`; an MPEG-4 file with pictures is called `mp4`.

    `demuxer` holds FFmpeg's names for it, separated by commas, such as `matroska,webm`.
    """
    name = _NAMES[demuxer.split(",")[0]]
    return "mp4" if name == "m4a" and has_video else name
