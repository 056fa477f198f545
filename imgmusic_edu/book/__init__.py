"""The course as a book: each chapter run, and pages that open from disk (``python -m imgmusic_edu.book``)."""
