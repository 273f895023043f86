"""The operator's view: inspect, retry, cancel, delete; nothing is made or edited by hand."""

from jobs.admin.job import JobAdmin
from jobs.admin.operations import OperationsAdmin
from jobs.admin.source import SourceAdmin

__all__ = ["JobAdmin", "OperationsAdmin", "SourceAdmin"]
