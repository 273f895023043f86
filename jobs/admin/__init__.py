"""The administration pages: they show, retry, cancel and delete rows; only limits are edited."""

from jobs.admin.account import AccountClosureAdmin, ApiTokenAdmin
from jobs.admin.batch import BatchAdmin
from jobs.admin.campaign import CampaignAdmin
from jobs.admin.job import JobAdmin
from jobs.admin.model_measurement import ModelMeasurementAdmin
from jobs.admin.operations import OperationsAdmin
from jobs.admin.quota import AccountAdmin, MembersAdmin
from jobs.admin.set_list import SetListAdmin
from jobs.admin.share_link import ShareLinkAdmin
from jobs.admin.source import SourceAdmin
from jobs.admin.upload import UploadAdmin

__all__ = [
    "AccountAdmin",
    "AccountClosureAdmin",
    "ApiTokenAdmin",
    "BatchAdmin",
    "CampaignAdmin",
    "JobAdmin",
    "MembersAdmin",
    "ModelMeasurementAdmin",
    "OperationsAdmin",
    "SetListAdmin",
    "ShareLinkAdmin",
    "SourceAdmin",
    "UploadAdmin",
]
