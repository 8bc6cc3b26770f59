"""How good a model is and how surely: audit estimators, intervals, paired comparisons, forecasts, when to stop;
and which words moved an answer."""
