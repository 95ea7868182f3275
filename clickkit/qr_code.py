"""A QR code that phones read from the presenter's screen."""

import html

import segno


def qr_code(url: str) -> str:
    """Return a URL as a QR code in SVG, black on white with its quiet zone, as large as its container.

    A quarter of it may be hidden (error correction Q). Its accessible name is the URL.

    Raises:
        segno.DataOverflowError: the URL is longer than 1,663 bytes.
    """
    code = segno.make(url, error="q", micro=False, boost_error=False)
    drawing = code.svg_inline(border=4, light="#fff", omitsize=True, svgclass=None, lineclass=None)
    return drawing.replace("<svg ", f'<svg role="img" aria-label="QR code: {html.escape(url)}" ', 1)
