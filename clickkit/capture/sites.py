"""The sites that the tracker and the audience page have buttons for, with their icons."""

import msgspec

from clickkit.capture.asset import read_asset

_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'  # HTML knows it


class Site(msgspec.Struct, frozen=True):
    """A button, the page that it stands for, and the name of its drawing in the folder `icons`."""

    button: str
    page_url: str
    icon: str = "other"

    def drawing(self) -> str:
        """Return the icon as SVG for HTML; assistive technology passes over it: the button has a name."""
        return read_asset(f"icons/{self.icon}.svg").strip().replace(_NAMESPACE, "")


SITES = (
    Site("Google", "https://www.google.com/", "google"),
    Site("YouTube", "https://www.youtube.com/", "youtube"),
    Site("Facebook", "https://www.facebook.com/", "facebook"),
    Site("Instagram", "https://www.instagram.com/", "instagram"),
    Site("WhatsApp", "https://www.whatsapp.com/", "whatsapp"),
    Site("X", "https://x.com/", "x"),
    Site("Wikipedia", "https://www.wikipedia.org/", "wikipedia"),
    Site("Reddit", "https://www.reddit.com/", "reddit"),
    Site("Amazon", "https://www.amazon.com/", "amazon"),
    Site("LinkedIn", "https://www.linkedin.com/", "linkedin"),
    Site("GitHub", "https://github.com/", "github"),
    Site("Netflix", "https://www.netflix.com/", "netflix"),
)
