"""Measures a separator on songs with known stems: suites of songs, figures, reports.

:mod:`separation.evaluation.suite` finds the songs of a suite,
:mod:`~separation.evaluation.loading` decodes them one by one,
:mod:`~separation.evaluation.separating` separates them in a runner and
:mod:`~separation.evaluation.measuring` measures the stems in blocks. Nothing here imports torch.
"""
