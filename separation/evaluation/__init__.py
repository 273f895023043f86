"""How near a separator comes to stems that are known: suites of songs, figures, reports.

A suite is read by :mod:`separation.evaluation.suite`, decoded song by song by
:mod:`~separation.evaluation.loading`, separated in a runner by
:mod:`~separation.evaluation.separating` and measured in blocks by
:mod:`~separation.evaluation.measuring`. Nothing in here imports torch.
"""
