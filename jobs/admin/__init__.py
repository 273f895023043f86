"""The operator's view: inspect, retry, cancel, delete; nothing is made or edited by hand."""

from jobs.admin.campaign import CampaignAdmin
from jobs.admin.job import JobAdmin
from jobs.admin.operations import OperationsAdmin
from jobs.admin.source import SourceAdmin
from jobs.admin.upload import UploadAdmin

__all__ = ["CampaignAdmin", "JobAdmin", "OperationsAdmin", "SourceAdmin", "UploadAdmin"]
