"""What can be played with: the player (picture, notes, spectrogram and sound under one playhead) and the panels.

Every widget is a pure `compute(...)` and something that shows the result, so that all of it can be tested without a
browser.  Names load when they are first used: `player_html` needs no widget library at all.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "answers",
        "controls",
        "gan_dashboard",
        "gram_browser",
        "jobs",
        "knobs",
        "latent_walker",
        "layer_browser",
        "live",
        "mapping_explorer",
        "markup",
        "names",
        "page",
        "panel",
        "payload",
        "picture_microscope",
        "player",
        "spectrogram_microscope",
        "stage",
        "studio",
        "style_mixer",
        "style_studio",
        "tune",
        "upload",
        "vocoder_switch",
        "what_is_lost",
    ],
    submod_attrs={
        "controls": ["SoundUpload", "shipped_sound"],
        "gan_dashboard": ["GanDashboard"],
        "gram_browser": ["GramBrowser"],
        "latent_walker": ["LatentWalker"],
        "layer_browser": ["LayerBrowser"],
        "live": ["LivePanel", "live_panel"],
        "mapping_explorer": ["MappingExplorer"],
        "names": ["named"],
        "page": ["player_html"],
        "panel": ["PicturePanel", "picture_panel"],
        "payload": ["player_payload"],
        "picture_microscope": ["PictureMicroscope"],
        "player": ["Player"],
        "spectrogram_microscope": ["SpectrogramMicroscope"],
        "studio": ["StudioPanel", "studio_panel"],
        "style_mixer": ["StyleMixer"],
        "tune": ["TunePanel", "tune_panel"],
        "upload": ["PictureUpload", "uploaded_files"],
        "vocoder_switch": ["VocoderSwitch"],
        "what_is_lost": ["WhatIsLost"],
    },
)
