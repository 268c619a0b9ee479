"""Whisper's languages: their codes, Whisper's names for them, and what else they are called."""

# ISO 639-1, or 639-3 where there is no shorter one.
_NAMES = """
af afrikaans|am amharic|ar arabic|as assamese|az azerbaijani|ba bashkir|be belarusian|bg bulgarian
bn bengali|bo tibetan|br breton|bs bosnian|ca catalan|ca valencian|cs czech|cy welsh|da danish
de german|el greek|en english|es castilian|es spanish|et estonian|eu basque|fa farsi|fa persian
fi finnish|fo faroese|fr french|gl galician|gu gujarati|ha hausa|haw hawaiian|he hebrew|hi hindi
hr croatian|ht haitian|ht haitian creole|hu hungarian|hy armenian|id indonesian|is icelandic
it italian|ja japanese|jv javanese|ka georgian|kk kazakh|km khmer|kn kannada|ko korean|la latin
lb letzeburgesch|lb luxembourgish|ln lingala|lo lao|lt lithuanian|lv latvian|mg malagasy|mi maori
mk macedonian|ml malayalam|mn mongolian|mr marathi|ms malay|mt maltese|my burmese|my myanmar
ne nepali|nl dutch|nl flemish|nn nynorsk|no norwegian|oc occitan|pa panjabi|pa punjabi|pl polish
ps pashto|ps pushto|pt portuguese|ro moldavian|ro moldovan|ro romanian|ru russian|sa sanskrit
sd sindhi|si sinhala|si sinhalese|sk slovak|sl slovenian|sn shona|so somali|sq albanian|sr serbian
su sundanese|sv swedish|sw swahili|ta tamil|te telugu|tg tajik|th thai|tk turkmen|tl tagalog
tr turkish|tt tatar|uk ukrainian|ur urdu|uz uzbek|vi vietnamese|yi yiddish|yo yoruba|yue cantonese
zh chinese|zh mandarin
"""
_CODES = {
    name: code
    for code, _, name in (
        entry.partition(" ") for entry in _NAMES.strip().replace("\n", "|").split("|")
    )
}
# The models' token for Javanese is no ISO code, and they know Norwegian by one of its three.
_TOKENS = {"jv": "jw", "nb": "no"}

WHISPER_CODES = {_TOKENS.get(code, code) for code in _CODES.values()}
"""What the models call the languages that they know."""


def language_code(name: str) -> str:
    """The ISO code of a language that Whisper knows by this name; anything else as it is."""
    return _CODES.get(name.lower(), name)


def whisper_code(language: str) -> str | None:
    """Whisper's code for `en`, `EN-gb`, `pt_BR` or `English`; `None` for what it does not know."""
    name = " ".join(language.lower().replace("_", "-").split())
    for candidate in (name, name.split("-")[0]):
        code = language_code(candidate)
        code = _TOKENS.get(code, code)
        if code in WHISPER_CODES:
            return code
    return None
