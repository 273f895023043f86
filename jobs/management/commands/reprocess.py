"""``manage.py reprocess``: separates existing songs again and keeps their old results."""

import sys
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from jobs.management.option_arguments import add_option
from jobs.models import Campaign
from jobs.models.campaign import CampaignStatus
from jobs.services.campaigns.actions import (
    CampaignPlan,
    estimate,
    find_campaign,
    pause_campaign,
    plan_campaign,
    resume_campaign,
    start_campaign,
)
from jobs.services.campaigns.query import CONDITIONS
from jobs.services.campaigns.sources import reason_words
from jobs.services.campaigns.versions import accept_all
from jobs.services.timing.progress import about
from separation.errors import InvalidOptions, SeparationError

EXIT_FAILED = 2

_CHANGES = ("format", "stages", "shifts", "overlap")
"""Options that a campaign may change besides the separator and its model."""


class Command(BaseCommand):
    help = (
        "Separate existing songs anew when nobody waits. The results lie beside the old ones until "
        "their owners accept them. The same command twice makes one campaign."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_option(parser, "separator", metavar="NAME", usual="none; see manage.py models")
        add_option(parser, "model", metavar="NAME")
        for name in _CHANGES:
            add_option(parser, name, usual="as each job had it")
        known = ", ".join(f"{key}{row.meaning}" for key, row in CONDITIONS.items())
        parser.add_argument(
            "--where", action="append", default=[], metavar="CONDITION",
            help=f"only songs for which this holds; may be repeated: {known}",
        )  # fmt: skip
        parser.add_argument("--owner", metavar="NAME", help="the same as --where owner=NAME")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what it would do, and create nothing"
        )
        steer = parser.add_mutually_exclusive_group()
        steer.add_argument("--list", action="store_true", help="all campaigns, newest first")
        for name, text in (
            ("status", "one campaign in detail"),
            ("pause", "create and start no further jobs; running ones continue"),
            ("resume", "continue where it stopped"),
            ("accept-all", "accept every version of a campaign in place of its owners"),
        ):
            steer.add_argument(
                f"--{name}", metavar="ID", help=f"{text}; the first characters of the id suffice"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._do(options)
        except SeparationError as error:
            self.stderr.write(f"{error.code}: {error.detail}", self.style.ERROR)
            sys.exit(EXIT_FAILED)
        except DatabaseError as error:
            raise CommandError(
                "The database cannot be used. It is made by `manage.py serve` or `manage.py "
                f"migrate`, which must have run once: {error}"
            ) from error

    def _do(self, options: Mapping[str, Any]) -> None:
        if options["list"]:
            self._list()
        elif options["status"]:
            self._show(find_campaign(options["status"]))
        elif options["pause"]:
            self._show(pause_campaign(campaign=find_campaign(options["pause"])))
        elif options["resume"]:
            self._show(resume_campaign(campaign=find_campaign(options["resume"])))
        elif options["accept_all"]:
            count = accept_all(campaign=find_campaign(options["accept_all"]))
            self.stdout.write(f"{count} version(s) accepted.")
        elif options["dry_run"]:
            self._estimate(plan_from(options))
        else:
            self._start(plan_from(options))

    def _list(self) -> None:
        campaigns = list(Campaign.objects.all())
        for campaign in campaigns:
            self.stdout.write(f"{campaign.pk.hex[:8]}  {summary_line(campaign)}")
        if not campaigns:
            self.stdout.write("There is no campaign yet.")

    def _estimate(self, plan: CampaignPlan) -> None:
        expected = estimate(plan)
        self.stdout.write(f"Songs found: {expected.sources}")
        self.stdout.write(
            f"Jobs to make: {expected.jobs}, {expected.audio_s / 60:.1f} minutes of audio"
        )
        self._reasons(expected.reasons)
        if expected.jobs:
            known = "not known: nothing of the kind was measured here yet"
            if expected.expected_s is not None:
                known = f"about {about(expected.expected_s)} for one worker"
            self.stdout.write(f"Expected time: {known}")
        self.stdout.write("Nothing was made.")

    def _start(self, plan: CampaignPlan) -> None:
        campaign, is_new = start_campaign(plan=plan)
        if not is_new:
            sentences = {
                CampaignStatus.RUNNING: "This campaign is there already and goes on.",
                CampaignStatus.PAUSED: "This campaign is there already, paused; see --resume.",
                CampaignStatus.DONE: "This campaign is there already, and done.",
            }
            self.stdout.write(sentences[CampaignStatus(campaign.status)])
        self._show(campaign)

    def _show(self, campaign: Campaign) -> None:
        self.stdout.write(f"Campaign {campaign.pk}: {summary_line(campaign)}")
        self._reasons(campaign.reasons)
        counts = campaign.job_counts()
        count_words = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
        self.stdout.write(f"Jobs: {count_words or 'none yet'}")
        for key, value in campaign.query.items():
            self.stdout.write(f"  where {key}{value}")

    def _reasons(self, reasons: Mapping[str, int]) -> None:
        for reason, count in sorted(reasons.items()):
            self.stdout.write(f"  left out, {reason_words(reason)}: {count}")


def plan_from(options: Mapping[str, Any]) -> CampaignPlan:
    """Raises ``InvalidOptions``."""
    if not options["separator"]:
        raise InvalidOptions(
            "Say with --separator what is to separate the songs, or steer a campaign with --list, "
            "--status, --pause, --resume or --accept-all."
        )
    stages = options["stages"] and tuple(part.strip() for part in options["stages"].split(","))
    named = {name: options[name] for name in _CHANGES} | {"stages": stages}
    choices = {"separator": options["separator"], "model": options["model"]}
    choices |= {name: value for name, value in named.items() if value is not None}
    owner = [f"owner={options['owner']}"] if options["owner"] else []
    return plan_campaign(options=choices, conditions=[*options["where"], *owner])


def summary_line(campaign: Campaign) -> str:
    made_with = " ".join(part for part in (campaign.separator, campaign.model_name) if part)
    looked = f"{campaign.looked_at} of {campaign.total} songs looked at"
    return f"{made_with}, {campaign.status}: {looked}, {campaign.queued} jobs made"
