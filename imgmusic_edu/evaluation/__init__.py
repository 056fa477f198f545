"""How good is it: does the music follow the picture, is it music, and against what."""
