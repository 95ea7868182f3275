"""CUPED: values adjusted by what their visitors did before the experiment, so that they vary less."""

import numpy as np

from clickkit.analysis.tables import Columns


def adjust(moments: Columns) -> Columns:
    """Return `theta, mean, variance, control_mean, control_variance` of adjusted values.

    From each value goes theta × (value_before - its mean over both variants), where theta is the covariance
    of the two over the variance of value_before, pooled within the variants (Deng, Xu, Kohavi, Walker
    2013, section 3). The difference of means stays unbiased: what happened before the exposure cannot
    depend on the variant. `moments` has `visitors, mean, variance, mean_before, variance_before, covariance`,
    and the same of the control as `control_…`. Where value_before does not vary, theta is 0.
    """
    freedom, control_freedom = moments["visitors"] - 1, moments["control_visitors"] - 1
    within = freedom * moments["variance_before"] + control_freedom * moments["control_variance_before"]
    shared = freedom * moments["covariance"] + control_freedom * moments["control_covariance"]
    theta = np.divide(shared, within, out=np.zeros_like(shared), where=within > 0)
    own, other = moments["visitors"], moments["control_visitors"]
    before = (own * moments["mean_before"] + other * moments["control_mean_before"]) / (own + other)
    adjusted = {"theta": theta}
    for side in ("", "control_"):
        adjusted[f"{side}mean"] = moments[f"{side}mean"] - theta * (moments[f"{side}mean_before"] - before)
        adjusted[f"{side}variance"] = (
            moments[f"{side}variance"]
            - 2 * theta * moments[f"{side}covariance"]
            + theta**2 * moments[f"{side}variance_before"]
        )
    return adjusted
