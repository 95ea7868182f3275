"""A language has one spelling."""

import pytest

from clickkit.capture.language import normalized, preferred


@pytest.mark.parametrize(
    ("said", "spelled"),
    [
        ("nb-NO", "nb-NO"),
        ("en_us", "en-US"),
        ("EN", "en"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("de-1996", "de-1996"),
        ("sl-rozaj-1994", "sl-rozaj-1994"),
        ("en-ca-X-CA", "en-CA-x-ca"),
        ("az-Latn-x-latn", "az-Latn-x-latn"),
        ("C", "C"),
        ("en-US.UTF-8", "en-US.UTF-8"),
        ("*", "*"),
        ("", ""),
        ("日本語", "日本語"),
    ],
)
def test_a_tag_is_spelled_as_the_standard_has_it(said, spelled):
    """RFC 5646, section 2.1.1, with its own examples; what is no tag stays what was said."""
    assert normalized(said) == spelled
    assert normalized(spelled) == spelled


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("da, en-gb;q=0.8, en;q=0.7", "da"),
        ("en;q=0.7,nb-no;q=0.9", "nb-NO"),
        ("de;q=0.5,fr;q=0.5", "de"),
        ("*, de;q=0.1", "de"),
        ("de ; q=1.000", "de"),
        ("de;q=0", None),
        ("de;q=2, fr;q=0.1", "fr"),
        ("*", None),
        ("", None),
        (";;,,q=1", None),
        ("a" * 2000, None),
        ("x," * 600 + "de", None),
    ],
)
def test_the_best_liked_language_of_a_header_is_taken(header, language):
    """RFC 9110, section 12.5.4; of an endless header only the beginning is looked at."""
    assert preferred(header) == language
