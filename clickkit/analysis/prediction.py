"""Prediction: what a session will do, learnt from earlier ones and tried on later ones."""

from collections.abc import Sequence
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyRelation
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from clickkit.analysis.question import ask, check_share, expression
from clickkit.errors import SettingsError


class Prediction(msgspec.Struct, frozen=True):
    """What was learnt, and what it says of the later rows.

    `forecasts` has a row for each of the `tested` later ones, oldest first: `outcome` (boolean) and the
    probabilities given to it by `model`, by `rule` (the best single question, in words in `question`) and
    by `base_rate` (the share of the `trained` earlier rows whose outcome is true, for all). `split` is the
    first moment of the later rows, as text; `converted` counts true outcomes, of the earlier and later rows.
    `judgement.judge` and `judgement.calibration` say what the forecasts are worth.
    """

    trained: int
    tested: int
    converted: tuple[int, int]
    split: str
    features: tuple[str, ...]
    question: str
    forecasts: DuckDBPyRelation


def predict(
    table: DuckDBPyRelation,
    *,
    features: Sequence[str],
    outcome: str = "converted",
    moment: str = "predicted_at",
    train_share: float = 0.7,
    classifier: Any = None,
    seed: int = 0,
) -> Prediction:
    """Learn to predict an outcome from the earlier rows of a table, and predict that of the later ones.

    `outcome` is an SQL condition and `moment` an SQL expression to order by; `features` are columns, and
    must hold only what is known before the outcome: `session_features.FEATURES` do. Rows of one moment stay
    together: the later ones begin at the moment where `train_share` of the rows have passed, and no later
    row has any part in what is learnt.

    The model is a logistic regression (L2 penalty, C = 1) on numbers as sign(x)·ln(1 + |x|), standardised,
    a missing one as the median, and on one-hot categories, those of under 1 % as one. `classifier` takes its
    place: anything of scikit-learn that has `predict_proba`. The rule is a tree of one question (Iba &
    Langley 1992), chosen by the earlier rows, whose two answers are shares (k + 1) / (n + 2) (Laplace).

        sessions = session_features(events, goal="button = 'Pay'")
        prediction = predict(sessions, features=FEATURES)

    Raises:
        SettingsError: an expression cannot be asked, a feature is neither number, boolean nor text, or the
            earlier or the later rows do not have both outcomes.
    """
    rows = _rows(table, features, outcome, moment)
    place = int(len(rows) * check_share("train_share", train_share))
    if place == 0:
        raise SettingsError(f"{len(rows)} rows are too few to learn from: take more days")
    boundary = rows["_moment"].iloc[place]
    earlier, later = rows[rows["_moment"] < boundary], rows[rows["_moment"] >= boundary]
    for name, part in (("earlier", earlier), ("later", later)):
        if part["_outcome"].nunique() < 2:
            raise SettingsError(
                f"the {len(part)} {name} rows have not both outcomes of {outcome}: take more days, "
                "or another train_share"
            )
    numbers, words = _kinds(earlier, features)
    model = _model(numbers, words, classifier, seed)
    model.fit(earlier[list(features)], earlier["_outcome"])
    rule, question = _rule(earlier, later, numbers, words, seed)
    forecasts = pa.table(
        {
            "outcome": later["_outcome"].to_numpy(),
            "model": model.predict_proba(later[list(features)])[:, 1],
            "rule": rule,
            "base_rate": np.full(len(later), earlier["_outcome"].mean()),
        }
    )
    return Prediction(
        trained=len(earlier),
        tested=len(later),
        converted=(int(earlier["_outcome"].sum()), int(later["_outcome"].sum())),
        split=str(boundary),
        features=tuple(features),
        question=question,
        forecasts=duckdb.connect().from_arrow(forecasts),
    )


def _rows(table: DuckDBPyRelation, features: Sequence[str], outcome: str, moment: str) -> Any:
    """Return features, outcome and moment in one order, whatever the order of the table."""
    if not features or isinstance(features, str):
        raise SettingsError(f"no features in {features!r}: name columns, such as session_features.FEATURES")
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in features)
    return ask(
        table,
        f"""
        select {names}, coalesce(cast({expression(outcome)} as boolean), false) as _outcome,
            {expression(moment)} as _moment
        from events
        where {expression(moment)} is not null
        order by _moment, {names}, _outcome
        """,
    ).df()


def _kinds(rows: Any, features: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the features that are numbers, booleans among them, and those that are words.

    One that is always missing, or always the same, says nothing and is left out.
    """
    numbers: list[str] = []
    words: list[str] = []
    for name in features:
        column = rows[name]
        if column.nunique(dropna=False) < 2:
            continue
        if column.dtype.kind in "biuf":
            numbers.append(name)
        elif set(map(type, column.dropna())) <= {bool, str}:
            words.append(name)
        else:
            raise SettingsError(f"feature {name} is {column.dtype}: give numbers, booleans or text")
    if not numbers and not words:
        raise SettingsError(f"the features {', '.join(features)} never change: name others")
    return numbers, words


def _as_numbers(values: Any) -> Any:
    return values.astype("float64")


def _as_words(values: Any) -> Any:
    return values.astype("object").where(values.notna(), "none").astype(str).astype("object")


def _answer(name: str, category: str) -> str:
    return f"{name} is {'rare' if category == 'infrequent_sklearn' else category}"


def _compressed(values: Any) -> Any:
    return np.sign(values) * np.log1p(np.abs(values))


def _columns(numbers: list[str], words: list[str], *scaling: Any) -> ColumnTransformer:
    """Return what makes a matrix of a table: numbers, then one column a category."""
    measured = make_pipeline(FunctionTransformer(_as_numbers), SimpleImputer(strategy="median"), *scaling)
    named = make_pipeline(
        FunctionTransformer(_as_words, feature_names_out="one-to-one"),
        OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            min_frequency=0.01,
            sparse_output=False,
            feature_name_combiner=_answer,
        ),
    )
    return ColumnTransformer([("numbers", measured, numbers), ("words", named, words)])


def _model(numbers: list[str], words: list[str], classifier: Any, seed: int) -> Pipeline:
    learner = LogisticRegression(max_iter=1000) if classifier is None else clone(classifier)
    if "random_state" in learner.get_params():
        learner.set_params(random_state=seed)
    scaling = (FunctionTransformer(_compressed), StandardScaler())
    return make_pipeline(_columns(numbers, words, *scaling), learner)


def _rule(earlier: Any, later: Any, numbers: list[str], words: list[str], seed: int) -> tuple[Any, str]:
    """Return the probabilities that the best single question gives to the later rows, and the question."""
    columns = _columns(numbers, words)
    matrix = columns.fit_transform(earlier)
    tree = DecisionTreeClassifier(
        max_depth=1, criterion="log_loss", min_samples_leaf=min(10, len(earlier) // 2), random_state=seed
    )
    tree.fit(matrix, earlier["_outcome"])
    leaves = tree.apply(matrix)
    shares = {
        leaf: (earlier["_outcome"][leaves == leaf].sum() + 1) / ((leaves == leaf).sum() + 2)
        for leaf in set(leaves)
    }
    probabilities = np.array([shares[leaf] for leaf in tree.apply(columns.transform(later))])
    return probabilities, _question(tree, columns, numbers, words)


def _question(tree: Any, columns: ColumnTransformer, numbers: list[str], words: list[str]) -> str:
    chosen = int(tree.tree_.feature[0])
    if chosen < 0:
        return "none: no single feature tells the outcomes apart"
    if chosen < len(numbers):
        return f"{numbers[chosen]} > {tree.tree_.threshold[0]:.6g}"
    names = columns.named_transformers_["words"][-1].get_feature_names_out(words)
    return f"{names[chosen - len(numbers)]}"
