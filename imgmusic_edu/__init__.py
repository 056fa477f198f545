"""Hear a picture: pictures become music, and every note says why.

The rooms of the package load when they are first used, so that importing it costs next to nothing::

    import imgmusic_edu as im

    piece = im.compose(im.open_data("photographs/eiffel_tower"))
    piece.sound.save("eiffel_tower.wav")
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "audio_features",
        "backbones",
        "composer",
        "crossmodal",
        "datasets",
        "editions",
        "evaluation",
        "exercises",
        "listening",
        "pictures",
        "plots",
        "roads",
        "scenes",
        "scores",
        "sounds",
        "studio",
        "style",
        "synthesizer",
        "visual_features",
        "widgets",
    ],
    submod_attrs={
        "datasets": ["data_path", "licence", "open_data"],
        "exercises": ["progress"],
        "listening": ["listen"],
        "pictures": ["PictureError", "open_picture"],
        "plots": ["show"],
        "roads": ["Piece", "compose"],
        "scores": ["Score"],
        "sounds": ["Sound", "SoundError", "open_sound"],
    },
)
