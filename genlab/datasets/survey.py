"""A made-up survey: a table of mixed columns drawn from a small Bayesian network, whose dependencies are known."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from genlab.datasets.base import Dataset, DatasetEntry, labelled
from genlab.datasets.coding import make_coding
from genlab.datasets.columns import Column
from genlab.registry import DATASETS
from genlab.spec import Settings, setting

EDUCATION = ("school", "college", "university")
AGES = np.arange(20, 65)
P_EDUCATION = np.array([0.5, 0.3, 0.2])
P_REGION = np.array([0.2, 0.4, 0.3, 0.1])
P_SMOKER = np.array([0.4, 0.25, 0.12])  # by education
INCOME_NOISE, HOURS_NOISE, PREMIUM_NOISE = 0.4, 2.5, 50.0
COLUMNS = (
    Column("age", "whole number", decimals=0),
    Column("education", "category", EDUCATION),
    Column("work", "category", ("full", "part")),
    Column("region", "category", ("east", "north", "south", "west")),
    Column("smoker", "category", ("no", "yes")),
    Column("income", "whole number", decimals=0),
    Column("hours", "number", decimals=1),
    Column("premium", "number", decimals=2),
)


class SurveySettings(Settings):
    size: int = setting(5000, "Rows to train on; the test set has as many again.", minimum=100, maximum=100_000)
    seed: int = setting(0, "Draws the same rows every time; apart from the seed of the run.", minimum=0)


def load_survey(settings: SurveySettings) -> Dataset:
    """Made-up answers of (size) people to eight questions, from a Bayesian network: (size, 15) float32.

    Age is uniform from 20 to 64, and region independent of all else. Education has three levels; whether somebody
    smokes depends on it, and whether somebody works full time on age. Income is log-normal around a median that rises
    with education, age and full time, so it is skewed; the hours of work have two peaks, and the premium of an
    insurance rises with age, and by a step for those who smoke.

    Numbers have mean 0 and standard deviation 1, skewed ones and those with two peaks by their quantiles; categories
    have a column for each word. Modes are those of education and smoking together. How much each column says about each
    other is known.
    """
    random = np.random.default_rng(settings.seed)
    rows = draw_rows(random, 2 * settings.size)
    groups = (2 * rows[:, 1] + rows[:, 4]).astype("int64")
    coding = make_coding(COLUMNS, rows[: settings.size])
    train, test = coding.encoded(rows[: settings.size]), coding.encoded(rows[settings.size :])
    names = tuple(f"{level}, {smoker}" for level, smoker in product(EDUCATION, ("does not smoke", "smokes")))
    dataset = labelled("survey", train, groups[: settings.size], test, groups[settings.size :], names)
    return replace(dataset, coding=coding)


def draw_rows(random: np.random.Generator, count: int) -> np.ndarray:
    """(count, 8) rows in the order of COLUMNS, categories as the index of their word."""
    age = random.choice(AGES, count)
    education = random.choice(3, count, p=P_EDUCATION)
    part = random.random(count) < _chance_of_part(age)
    region = random.choice(4, count, p=P_REGION)
    smoker = random.random(count) < P_SMOKER[education]
    income = np.round(np.exp(_log_income(age, education, part) + INCOME_NOISE * random.normal(size=count)))
    hours = np.round(_hours(part) + HOURS_NOISE * random.normal(size=count), 1)
    premium = np.round(_premium(age, smoker) + PREMIUM_NOISE * random.normal(size=count), 2)
    return np.stack([age, education, part, region, smoker, income, hours, premium], axis=1).astype("float64")


def survey_associations() -> np.ndarray:
    """The associations of the columns, (8, 8), exact but for the rounding of what is drawn: sums over all that age,
    education, work, region and smoking can be, since the numbers are independent given these. See
    `genlab.metrics.tables.associations`.
    """
    from genlab.metrics.tables import cramers_v

    age, education, part, region, smoker = (
        axis.ravel() for axis in np.meshgrid(AGES, range(3), range(2), range(4), range(2), indexing="ij")
    )
    chance = P_EDUCATION[education] * P_REGION[region] / len(AGES)
    chance = chance * np.where(part, _chance_of_part(age), 1 - _chance_of_part(age))
    chance = chance * np.where(smoker, P_SMOKER[education], 1 - P_SMOKER[education])
    log_income = _log_income(age, education, part)
    income = np.exp(log_income + INCOME_NOISE**2 / 2)
    means = np.stack([age, education, part, region, smoker, income, _hours(part), _premium(age, smoker)]).astype(float)
    inner = np.zeros(len(means))  # variance given all of these
    inner[5] = chance @ (income**2 * (np.exp(INCOME_NOISE**2) - 1))
    inner[6:] = HOURS_NOISE**2, PREMIUM_NOISE**2
    middle = means @ chance
    deviations = means - middle[:, None]
    covariance = (deviations * chance) @ deviations.T + np.diag(inner)
    spread = np.sqrt(np.diag(covariance))
    result = covariance / np.outer(spread, spread)
    categories = {1: education, 2: part, 3: region, 4: smoker}
    for i, words in categories.items():
        shares = np.bincount(words, chance)
        for j in range(len(means)):
            if j in categories and j != i:
                joint = np.zeros((len(shares), categories[j].max() + 1))
                np.add.at(joint, (words, categories[j]), chance)
                result[i, j] = result[j, i] = cramers_v(joint)
            elif j not in categories:
                between = np.bincount(words, chance * deviations[j]) / shares
                result[i, j] = result[j, i] = np.sqrt(shares @ between**2) / spread[j]
    return result


def _chance_of_part(age: np.ndarray) -> np.ndarray:
    return 0.15 + 0.3 * (age >= 55)


def _log_income(age: np.ndarray, education: np.ndarray, part: np.ndarray) -> np.ndarray:
    return 10.3 + 0.35 * education + 0.012 * (age - 42) - 0.6 * part


def _hours(part: np.ndarray) -> np.ndarray:
    return 40.0 - 19.0 * part


def _premium(age: np.ndarray, smoker: np.ndarray) -> np.ndarray:
    return 150.0 + 3.0 * (age - 20) + 80.0 * smoker


DATASETS.add(
    DatasetEntry(
        name="survey",
        title="Survey, words and numbers",
        description="Made-up answers to eight questions, drawn by the program: what depends on what is known exactly.",
        kind="points",
        steps=4000,
        settings=SurveySettings,
        shape=(15,),
        count=5000,
        load=load_survey,
        table=True,
    )
)
