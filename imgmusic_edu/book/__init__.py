"""The course as a book: every chapter run from top to bottom, and pages that open from disk (``python -m imgmusic_edu.book``)."""
