"""Source, Job, Stage and Artifact: the rows that tell the truth about every song."""

from jobs.models.artifact import Artifact
from jobs.models.job import Job
from jobs.models.source import Source
from jobs.models.stage import Stage

__all__ = ["Artifact", "Job", "Source", "Stage"]
