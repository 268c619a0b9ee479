"""`python -m transcription_worker`."""

import sys

from .cli import main

sys.exit(main())
