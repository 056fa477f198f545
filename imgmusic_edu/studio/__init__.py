"""The studio without its panel: sessions with locks and undo, versions compared, regions heard, everything exported.

Nothing here knows of widgets; `widgets.studio_panel` puts it on a page, and a script can use it as it is::

    from imgmusic_edu.studio import Session, export

    session = Session(picture, "My picture")
    session.lock("tempo")
    session.reroll()
    export(session.piece, "my_picture.mp4")
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["compare", "exports", "keeping", "regions", "session", "verdict", "video"],
    submod_attrs={
        "compare": ["Match", "matched"],
        "exports": ["KINDS", "encoded", "export"],
        "keeping": ["Keeper", "kept"],
        "regions": ["Changed", "greyed", "notes_in", "only", "what_changes"],
        "session": ["LOCKS", "Session", "Settings", "Version"],
        "verdict": ["Verdict", "put_to_the_test"],
        "video": ["Stopped"],
    },
)
