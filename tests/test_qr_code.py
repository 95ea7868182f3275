"""QR codes, drawn by a real browser and read by jsQR."""

import pytest
import segno

from clickkit.qr_code import qr_code

READ = """async (size) => {
  const drawn = new Image();
  const svg = new XMLSerializer().serializeToString(document.querySelector("svg"));
  drawn.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await drawn.decode();
  const canvas = new OffscreenCanvas(size, size).getContext("2d");
  canvas.drawImage(drawn, 0, 0, size, size);
  return jsQR(canvas.getImageData(0, 0, size, size).data, size, size)?.data;
}"""


@pytest.mark.parametrize(
    "url",
    [
        "https://a1b2-84-208-20-110.ngrok-free.app",
        "http://192.168.1.20:8000/",
        "https://example.com/?a=<b>&c=\"d'&æøå=日本",
    ],
)
def test_a_phone_reads_the_url(browser, node_package, url):
    """At the size of a projected card, with the URL as the picture's accessible name."""
    page = browser.new_page()
    page.set_content(qr_code(url))
    page.add_script_tag(path=node_package("jsqr") / "dist" / "jsQR.js")

    read = page.evaluate(READ, 240)
    named = page.get_by_role("img", name=f"QR code: {url}", exact=True).count()
    page.close()

    assert (read, named) == (url, 1)


def test_it_is_as_large_as_its_container():
    """No width and no height of its own; quiet zone and contrast are drawn along."""
    code = qr_code("http://127.0.0.1:8000/")

    assert "width=" not in code
    assert 'fill="#fff"' in code
    assert len(code) < 4_000


def test_a_url_that_no_code_can_hold_is_refused():
    """It says so, rather than drawing something that no phone reads."""
    with pytest.raises(segno.DataOverflowError):
        qr_code("https://example.com/" + "a" * 1_650)
