"""A truth that cannot be drawn is refused; what it says of itself is right."""

import pytest

from clickkit import SettingsError, ShopTruth
from clickkit.shop_truth import Channel, Lognormal, PlantedExperiment


def test_a_quantile_of_a_lognormal():
    """The 75th percentile lies 0.6745 sigma above the median, in logarithms: 1700 × exp(0.45 × 0.67449)."""
    assert Lognormal(1700, 0.45).quantile(0.5) == pytest.approx(1700)
    assert Lognormal(1700, 0.45).quantile(0.75) == pytest.approx(2302.8, abs=0.1)


def test_chances_of_basket_and_payment():
    """Factors multiply, a lift is added, and a device without a factor has 1."""
    truth = ShopTruth(add_to_basket=0.5, pay=0.4, experiment=PlantedExperiment(lift=0.1))

    assert truth.basket_probability("social", "mobile") == pytest.approx(0.5 * 0.6 * 0.8)
    assert truth.basket_probability("direct", "other") == pytest.approx(0.55)
    assert (truth.pay_probability("short"), truth.pay_probability("control")) == (pytest.approx(0.5), 0.4)
    assert ShopTruth(experiment=None).pay_probability("short") == 0.5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"visitors": 0}, "needs visitors and channels"),
        ({"channels": ()}, "needs visitors and channels"),
        ({"late": 1.5}, "late is 1.5, but must lie between 0 and 1"),
        ({"add_to_basket": 0.7}, "add_to_basket for email on desktop is 1.176"),
        ({"view_product": 0.7}, "view_product of keen visitors is 1.12"),
        ({"weekly_retention": (0.2, -0.1)}, "weekly_retention 2 is -0.1"),
        ({"experiment": PlantedExperiment(lift=0.6)}, "pay in short is 1.1"),
        ({"experiment": PlantedExperiment(broken_split=2)}, "broken_split is 2"),
        ({"channels": (Channel(name="direct", share=0, factor=1),)}, "needs visitors and channels"),
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong, message):
    """The message names the number that leaves 0 to 1."""
    with pytest.raises(SettingsError, match=message):
        ShopTruth(**wrong)
