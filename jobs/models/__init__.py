"""The models of the site: songs, jobs and their results, accounts' limits, and workers."""

from jobs.models.account_closure import AccountClosure
from jobs.models.api_token import ApiToken
from jobs.models.artifact import Artifact
from jobs.models.audio_use import AudioUse
from jobs.models.batch import Batch
from jobs.models.campaign import Campaign
from jobs.models.job import Job
from jobs.models.missing_model import MissingModel
from jobs.models.mixer_state import MixerState
from jobs.models.model_measurement import ModelMeasurement
from jobs.models.preferences import Preferences
from jobs.models.quota_limit import QuotaLimit
from jobs.models.rate_count import CacheEntry, RateCount
from jobs.models.reservation import Reservation
from jobs.models.set_list import SetList, SetListSong
from jobs.models.share_link import ShareLink
from jobs.models.source import Source
from jobs.models.speed import Speed
from jobs.models.stage import Stage
from jobs.models.tag import Tag
from jobs.models.upload import Upload
from jobs.models.verification import Verification
from jobs.models.worker import Worker

__all__ = [
    "AccountClosure",
    "ApiToken",
    "Artifact",
    "AudioUse",
    "Batch",
    "CacheEntry",
    "Campaign",
    "Job",
    "MissingModel",
    "MixerState",
    "ModelMeasurement",
    "Preferences",
    "QuotaLimit",
    "RateCount",
    "Reservation",
    "SetList",
    "SetListSong",
    "ShareLink",
    "Source",
    "Speed",
    "Stage",
    "Tag",
    "Upload",
    "Verification",
    "Worker",
]
