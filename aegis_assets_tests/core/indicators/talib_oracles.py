"""Which quantity of TA-Lib each indicator is, in TA-Lib's own Python package.

An indicator that rests on one of TA-Lib's functions has its line in the file of its family.
"""

from aegis_assets_tests.core.indicators.talib_bands import BANDS
from aegis_assets_tests.core.indicators.talib_patterns import PATTERNS
from aegis_assets_tests.core.indicators.talib_trend import TREND

ORACLES = TREND | BANDS | PATTERNS
