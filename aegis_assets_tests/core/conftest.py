import pytest

from aegis_assets.core.indicators import INDICATORS
from aegis_assets.core.labels import LABELS
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.laws.indicators import IndicatorStudy
from aegis_assets_tests.core.laws.label_study import LabelStudy


@pytest.fixture(scope="session")
def panel():
    """Two synthetic symbols whose volatility index starts late: see `synthetic`."""
    return synthetic.panel()


@pytest.fixture(scope="session")
def indicator_study():
    """The tables of every registered indicator, computed once for all laws."""
    return IndicatorStudy(tuple(INDICATORS.values()))


@pytest.fixture(scope="session")
def label_study():
    """The tables of every registered label, computed once for all laws."""
    return LabelStudy(tuple(LABELS.values()))
