"""Give models and fields the names that the administration shows. The database stays as it is, so
only the state changes: that spares a new site a hundred steps that do nothing."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0027_exact_repetition"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterModelOptions(
                    name="accountclosure",
                    options={
                        "ordering": ("-requested_at",),
                        "verbose_name": "closed account",
                        "verbose_name_plural": "closed accounts",
                    },
                ),
                migrations.AlterModelOptions(
                    name="apitoken",
                    options={
                        "ordering": ("-created",),
                        "verbose_name": "API token",
                        "verbose_name_plural": "API tokens",
                    },
                ),
                migrations.AlterModelOptions(
                    name="artifact",
                    options={
                        "ordering": ("job", "position"),
                        "verbose_name": "track",
                        "verbose_name_plural": "tracks",
                    },
                ),
                migrations.AlterModelOptions(
                    name="batch",
                    options={
                        "ordering": ("-created_at", "-id"),
                        "verbose_name": "batch",
                        "verbose_name_plural": "batches",
                    },
                ),
                migrations.AlterModelOptions(
                    name="campaign",
                    options={
                        "ordering": ("-created_at",),
                        "verbose_name": "campaign",
                        "verbose_name_plural": "campaigns",
                    },
                ),
                migrations.AlterModelOptions(
                    name="job",
                    options={
                        "ordering": ("-created_at",),
                        "verbose_name": "separation",
                        "verbose_name_plural": "separations",
                    },
                ),
                migrations.AlterModelOptions(
                    name="modelmeasurement",
                    options={
                        "ordering": ("-measured_at", "-id"),
                        "verbose_name": "measurement of a model",
                        "verbose_name_plural": "measurements of models",
                    },
                ),
                migrations.AlterModelOptions(
                    name="sharelink",
                    options={
                        "ordering": ("-created_at",),
                        "verbose_name": "share link",
                        "verbose_name_plural": "share links",
                    },
                ),
                migrations.AlterModelOptions(
                    name="source",
                    options={
                        "ordering": ("-created_at",),
                        "verbose_name": "song",
                        "verbose_name_plural": "songs",
                    },
                ),
                migrations.AlterModelOptions(
                    name="stage",
                    options={
                        "ordering": ("job", "position"),
                        "verbose_name": "step",
                        "verbose_name_plural": "steps",
                    },
                ),
                migrations.AlterModelOptions(
                    name="upload",
                    options={
                        "ordering": ("-created_at",),
                        "verbose_name": "upload",
                        "verbose_name_plural": "uploads",
                    },
                ),
                migrations.AlterModelOptions(
                    name="worker",
                    options={
                        "ordering": ("host", "cluster", "pid"),
                        "verbose_name": "worker",
                        "verbose_name_plural": "workers",
                    },
                ),
                migrations.AlterField(
                    model_name="accountclosure",
                    name="account",
                    field=models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="closure",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
                migrations.AlterField(
                    model_name="accountclosure",
                    name="completed_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="completed"),
                ),
                migrations.AlterField(
                    model_name="accountclosure",
                    name="jobs",
                    field=models.PositiveIntegerField(
                        default=0, help_text="Removed so far.", verbose_name="separations"
                    ),
                ),
                migrations.AlterField(
                    model_name="accountclosure",
                    name="requested_at",
                    field=models.DateTimeField(auto_now_add=True, verbose_name="requested"),
                ),
                migrations.AlterField(
                    model_name="accountclosure",
                    name="size_bytes",
                    field=models.PositiveBigIntegerField(
                        default=0, help_text="Of songs and tracks.", verbose_name="bytes"
                    ),
                ),
                migrations.AlterField(
                    model_name="accountclosure",
                    name="songs",
                    field=models.PositiveIntegerField(
                        default=0, help_text="Removed so far.", verbose_name="songs"
                    ),
                ),
                migrations.AlterField(
                    model_name="apitoken",
                    name="last_used_at",
                    field=models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="last used"
                    ),
                ),
                migrations.AlterField(
                    model_name="apitoken",
                    name="name",
                    field=models.CharField(blank=True, max_length=60, verbose_name="name"),
                ),
                migrations.AlterField(
                    model_name="artifact",
                    name="format",
                    field=models.CharField(max_length=16, verbose_name="format"),
                ),
                migrations.AlterField(
                    model_name="artifact",
                    name="job",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="artifacts",
                        to="jobs.job",
                        verbose_name="separation",
                    ),
                ),
                migrations.AlterField(
                    model_name="artifact",
                    name="name",
                    field=models.CharField(max_length=128, verbose_name="track"),
                ),
                migrations.AlterField(
                    model_name="artifact",
                    name="path",
                    field=models.CharField(max_length=255, verbose_name="file"),
                ),
                migrations.AlterField(
                    model_name="artifact",
                    name="same_as",
                    field=models.CharField(
                        blank=True, default="", max_length=128, verbose_name="same file as"
                    ),
                ),
                migrations.AlterField(
                    model_name="batch",
                    name="created_at",
                    field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
                ),
                migrations.AlterField(
                    model_name="batch",
                    name="id",
                    field=models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                        verbose_name="number",
                    ),
                ),
                migrations.AlterField(
                    model_name="batch",
                    name="last_added_at",
                    field=models.DateTimeField(
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="last song added",
                    ),
                ),
                migrations.AlterField(
                    model_name="batch",
                    name="name",
                    field=models.CharField(max_length=80, verbose_name="name"),
                ),
                migrations.AlterField(
                    model_name="batch",
                    name="notice_error",
                    field=models.CharField(
                        blank=True, editable=False, max_length=255, verbose_name="e-mail fault"
                    ),
                ),
                migrations.AlterField(
                    model_name="batch",
                    name="notice_not_before",
                    field=models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="next try after"
                    ),
                ),
                migrations.AlterField(
                    model_name="batch",
                    name="notice_tries",
                    field=models.PositiveSmallIntegerField(
                        default=0, editable=False, verbose_name="tries to send it"
                    ),
                ),
                migrations.AlterField(
                    model_name="batch",
                    name="notified_at",
                    field=models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="e-mail sent"
                    ),
                ),
                migrations.AlterField(
                    model_name="batch",
                    name="notify_by_email",
                    field=models.BooleanField(default=False, verbose_name="e-mail requested"),
                ),
                migrations.AlterField(
                    model_name="batch",
                    name="owner",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="batches",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="completed_at",
                    field=models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="ended"
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="created_at",
                    field=models.DateTimeField(auto_now_add=True, verbose_name="started"),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="created_by",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="campaigns",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="started by",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="id",
                    field=models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                        verbose_name="number",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="key",
                    field=models.CharField(
                        help_text="The same campaign started twice runs once.",
                        max_length=64,
                        unique=True,
                        verbose_name="key",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="model_name",
                    field=models.CharField(blank=True, max_length=128, verbose_name="model"),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="query",
                    field=models.JSONField(
                        default=dict,
                        help_text="Which songs get a new version.",
                        verbose_name="songs",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="queued",
                    field=models.PositiveIntegerField(
                        default=0,
                        help_text="Songs that got a new version so far.",
                        verbose_name="versions begun",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="reasons",
                    field=models.JSONField(
                        default=dict,
                        help_text="Why songs got no new version, with counts.",
                        verbose_name="reasons",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="request",
                    field=models.JSONField(
                        help_text="What every new version is made with; other choices stay as they were.",
                        verbose_name="choices",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="separator",
                    field=models.CharField(max_length=64, verbose_name="separator"),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="skipped",
                    field=models.PositiveIntegerField(
                        default=0,
                        help_text="Songs that got no new version.",
                        verbose_name="songs left out",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="status",
                    field=models.CharField(
                        choices=[("running", "Running"), ("paused", "Paused"), ("done", "Done")],
                        default="running",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="total",
                    field=models.PositiveIntegerField(
                        default=0,
                        help_text="Songs that the campaign looks at.",
                        verbose_name="songs found",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="updated_at",
                    field=models.DateTimeField(auto_now=True, verbose_name="last change"),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="accepted_at",
                    field=models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="accepted"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="attempt",
                    field=models.PositiveSmallIntegerField(
                        default=0, editable=False, verbose_name="attempt"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="audio_deleted_at",
                    field=models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="audio deleted"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="batch",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="jobs",
                        to="jobs.batch",
                        verbose_name="batch",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="campaign",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to="jobs.campaign",
                        verbose_name="campaign",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="cancel_requested_at",
                    field=models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="cancel requested"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="completed_at",
                    field=models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="ended"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="created_at",
                    field=models.DateTimeField(auto_now_add=True, verbose_name="sent"),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="deadline_s",
                    field=models.FloatField(
                        blank=True,
                        editable=False,
                        help_text="After this time the attempt is given up.",
                        null=True,
                        verbose_name="time limit in seconds",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="error_code",
                    field=models.CharField(
                        blank=True, editable=False, max_length=64, verbose_name="error"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="error_detail",
                    field=models.TextField(
                        blank=True, editable=False, verbose_name="what went wrong"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="eta_s",
                    field=models.FloatField(
                        blank=True, editable=False, null=True, verbose_name="seconds left"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="expected_s",
                    field=models.FloatField(
                        blank=True,
                        editable=False,
                        help_text="How long this attempt should take.",
                        null=True,
                        verbose_name="expected seconds",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="id",
                    field=models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                        verbose_name="number",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="lane",
                    field=models.CharField(
                        choices=[("interactive", "Interactive"), ("backfill", "Backfill")],
                        default="interactive",
                        max_length=16,
                        verbose_name="queue",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="lease_until",
                    field=models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="The worker renews this while it works.",
                        null=True,
                        verbose_name="reserved until",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="manifest",
                    field=models.JSONField(
                        default=dict, editable=False, verbose_name="record of the result"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="max_attempts",
                    field=models.PositiveSmallIntegerField(default=3, verbose_name="most attempts"),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="model_name",
                    field=models.CharField(blank=True, max_length=128, verbose_name="model"),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="not_before",
                    field=models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="waits until"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="owner",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="pipeline",
                    field=models.JSONField(
                        help_text="The steps in their order, with their settings.",
                        verbose_name="steps",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="preempted_at",
                    field=models.DateTimeField(
                        blank=True,
                        editable=False,
                        null=True,
                        verbose_name="gave way to shorter songs",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="priority",
                    field=models.SmallIntegerField(
                        default=0, help_text="A higher number goes first.", verbose_name="priority"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="progress_message",
                    field=models.CharField(
                        blank=True, editable=False, max_length=255, verbose_name="what happens"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="progress_percent",
                    field=models.FloatField(
                        default=0.0, editable=False, verbose_name="done, in per cent"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="progress_stage",
                    field=models.CharField(
                        blank=True, editable=False, max_length=64, verbose_name="step"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="queue_rank",
                    field=models.PositiveSmallIntegerField(
                        choices=[
                            (0, "In the line"),
                            (1, "Gave way to shorter songs"),
                            (2, "Has a turn before a longer song"),
                        ],
                        default=0,
                        editable=False,
                        verbose_name="place in the queue",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="ran_s",
                    field=models.FloatField(
                        default=0.0,
                        editable=False,
                        help_text="How long this attempt had run before it last gave way.",
                        verbose_name="seconds before it gave way",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="replaces",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="replacements",
                        to="jobs.job",
                        verbose_name="new version of",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="request",
                    field=models.JSONField(
                        help_text="What the person chose for this song, as it was checked.",
                        verbose_name="choices",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="routing",
                    field=models.JSONField(
                        default=list,
                        editable=False,
                        help_text="The ways that were tried, and what came of each.",
                        verbose_name="routes",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="separator",
                    field=models.CharField(max_length=64, verbose_name="separator"),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="source",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to="jobs.source",
                        verbose_name="song",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="started_at",
                    field=models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="started"
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="status",
                    field=models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("processing", "Processing"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="pending",
                        editable=False,
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="warnings",
                    field=models.JSONField(default=list, editable=False, verbose_name="remarks"),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="worker",
                    field=models.CharField(
                        blank=True, editable=False, max_length=128, verbose_name="worker"
                    ),
                ),
                migrations.AlterField(
                    model_name="modelmeasurement",
                    name="audio_s",
                    field=models.FloatField(verbose_name="seconds of music"),
                ),
                migrations.AlterField(
                    model_name="modelmeasurement",
                    name="figures",
                    field=models.JSONField(verbose_name="results"),
                ),
                migrations.AlterField(
                    model_name="modelmeasurement",
                    name="measured_at",
                    field=models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="measured"
                    ),
                ),
                migrations.AlterField(
                    model_name="modelmeasurement",
                    name="model_name",
                    field=models.CharField(max_length=128, verbose_name="model"),
                ),
                migrations.AlterField(
                    model_name="modelmeasurement",
                    name="peak_memory_bytes",
                    field=models.PositiveBigIntegerField(
                        null=True, verbose_name="most memory, in bytes"
                    ),
                ),
                migrations.AlterField(
                    model_name="modelmeasurement",
                    name="seconds",
                    field=models.FloatField(verbose_name="seconds of work"),
                ),
                migrations.AlterField(
                    model_name="modelmeasurement",
                    name="separator",
                    field=models.CharField(max_length=64, verbose_name="separator"),
                ),
                migrations.AlterField(
                    model_name="modelmeasurement",
                    name="songs",
                    field=models.PositiveIntegerField(verbose_name="number of songs"),
                ),
                migrations.AlterField(
                    model_name="modelmeasurement",
                    name="suite",
                    field=models.CharField(max_length=200, verbose_name="test songs"),
                ),
                migrations.AlterField(
                    model_name="modelmeasurement",
                    name="weights_digest",
                    field=models.CharField(
                        blank=True, max_length=64, verbose_name="fingerprint of the weights"
                    ),
                ),
                migrations.AlterField(
                    model_name="sharelink",
                    name="allow_download",
                    field=models.BooleanField(default=False, verbose_name="download allowed"),
                ),
                migrations.AlterField(
                    model_name="sharelink",
                    name="created_at",
                    field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
                ),
                migrations.AlterField(
                    model_name="sharelink",
                    name="created_by",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="share_links",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                migrations.AlterField(
                    model_name="sharelink",
                    name="expires_at",
                    field=models.DateTimeField(verbose_name="works until"),
                ),
                migrations.AlterField(
                    model_name="sharelink",
                    name="job",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="share_links",
                        to="jobs.job",
                        verbose_name="separation",
                    ),
                ),
                migrations.AlterField(
                    model_name="sharelink",
                    name="label",
                    field=models.CharField(blank=True, max_length=80, verbose_name="note"),
                ),
                migrations.AlterField(
                    model_name="sharelink",
                    name="revoked_at",
                    field=models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="revoked"
                    ),
                ),
                migrations.AlterField(
                    model_name="sharelink",
                    name="show_title",
                    field=models.BooleanField(default=False, verbose_name="title shown"),
                ),
                migrations.AlterField(
                    model_name="sharelink",
                    name="stems",
                    field=models.JSONField(verbose_name="stems"),
                ),
                migrations.AlterField(
                    model_name="sharelink",
                    name="views",
                    field=models.PositiveIntegerField(
                        default=0, editable=False, verbose_name="times opened"
                    ),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="artist",
                    field=models.CharField(
                        blank=True, max_length=255, verbose_name="artist in the file"
                    ),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="channels",
                    field=models.PositiveIntegerField(verbose_name="channels"),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="codec",
                    field=models.CharField(max_length=32, verbose_name="audio format"),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="container",
                    field=models.CharField(max_length=32, verbose_name="file type"),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="created_at",
                    field=models.DateTimeField(auto_now_add=True, verbose_name="uploaded"),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="duration_s",
                    field=models.FloatField(verbose_name="length in seconds"),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="original_name",
                    field=models.CharField(max_length=255, verbose_name="file name"),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="owner",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sources",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="sample_rate_hz",
                    field=models.PositiveIntegerField(verbose_name="samples per second"),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="sha256",
                    field=models.CharField(
                        db_index=True,
                        help_text="Equal files have equal fingerprints.",
                        max_length=64,
                        verbose_name="fingerprint (SHA-256)",
                    ),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="size_bytes",
                    field=models.PositiveBigIntegerField(verbose_name="size in bytes"),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="song_title",
                    field=models.CharField(blank=True, max_length=255, verbose_name="title"),
                ),
                migrations.AlterField(
                    model_name="source",
                    name="title",
                    field=models.CharField(
                        blank=True, max_length=255, verbose_name="title in the file"
                    ),
                ),
                migrations.AlterField(
                    model_name="stage",
                    name="completed_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="ended"),
                ),
                migrations.AlterField(
                    model_name="stage",
                    name="error_code",
                    field=models.CharField(blank=True, max_length=64, verbose_name="error"),
                ),
                migrations.AlterField(
                    model_name="stage",
                    name="error_detail",
                    field=models.TextField(blank=True, verbose_name="what went wrong"),
                ),
                migrations.AlterField(
                    model_name="stage",
                    name="job",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stages",
                        to="jobs.job",
                        verbose_name="separation",
                    ),
                ),
                migrations.AlterField(
                    model_name="stage",
                    name="name",
                    field=models.CharField(max_length=64, verbose_name="step"),
                ),
                migrations.AlterField(
                    model_name="stage",
                    name="started_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="started"),
                ),
                migrations.AlterField(
                    model_name="stage",
                    name="status",
                    field=models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("processing", "Processing"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                            ("skipped", "Skipped"),
                        ],
                        default="pending",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="batch",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="uploads",
                        to="jobs.batch",
                        verbose_name="batch",
                    ),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="cancelled_at",
                    field=models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="cancelled"
                    ),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="created_at",
                    field=models.DateTimeField(auto_now_add=True, verbose_name="begun"),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="expires_at",
                    field=models.DateTimeField(db_index=True, verbose_name="kept until"),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="is_duplicate",
                    field=models.BooleanField(default=False, verbose_name="sent before"),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="is_resumable",
                    field=models.BooleanField(default=True, verbose_name="can be resumed"),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="job",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="uploads",
                        to="jobs.job",
                        verbose_name="separation",
                    ),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="name",
                    field=models.CharField(max_length=255, verbose_name="file name"),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="offset",
                    field=models.PositiveBigIntegerField(
                        default=0, verbose_name="bytes that have arrived"
                    ),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="owner",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="request",
                    field=models.JSONField(blank=True, null=True, verbose_name="choices"),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="size_bytes",
                    field=models.PositiveBigIntegerField(verbose_name="size in bytes"),
                ),
                migrations.AlterField(
                    model_name="upload",
                    name="source",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to="jobs.source",
                        verbose_name="song",
                    ),
                ),
                migrations.AlterField(
                    model_name="worker",
                    name="devices",
                    field=models.JSONField(
                        default=list,
                        help_text="What it found to compute on.",
                        verbose_name="devices",
                    ),
                ),
                migrations.AlterField(
                    model_name="worker",
                    name="name",
                    field=models.CharField(
                        help_text="The machine and its process, as on the page of the song.",
                        max_length=128,
                        unique=True,
                        verbose_name="name",
                    ),
                ),
            ],
        ),
    ]
