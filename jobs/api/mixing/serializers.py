"""The options of a mix for the API's description; the core validates their values."""

from typing import Any

from rest_framework import serializers

from jobs.api.uploads.choices import option_help
from separation.mixdown.request import FASTEST, LOUDEST_DB, QUIETEST_DB, SLOWEST
from separation.options import FORMAT, MP3_BITRATE_KBPS


class MixStemSerializer(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField(max_length=128, help_text="Of a stem that the mixer plays.")
    gain_db = serializers.FloatField(
        required=False, min_value=QUIETEST_DB, max_value=LOUDEST_DB, help_text="0 by default."
    )
    pan = serializers.FloatField(
        required=False, min_value=-1, max_value=1, help_text="-1 left to 1 right; 0 by default."
    )
    mute = serializers.BooleanField(required=False)
    solo = serializers.BooleanField(
        required=False, help_text="Silences every stem that is not solo as well."
    )


class MixChoicesSerializer(serializers.Serializer[dict[str, Any]]):
    stems = MixStemSerializer(
        many=True,
        required=False,
        help_text="The stems in the mix; a stem that is not listed is silent.",
    )
    karaoke = serializers.ChoiceField(
        required=False,
        choices=("without", "quiet"),
        help_text="Instead of `stems`: all without the vocals, or with the vocals 12 dB down.",
    )
    gain_db = serializers.FloatField(
        required=False, min_value=QUIETEST_DB, max_value=LOUDEST_DB, help_text="Of the whole."
    )
    start_s = serializers.FloatField(required=False, min_value=0, help_text="0 by default.")
    end_s = serializers.FloatField(required=False, help_text="The song's end by default.")
    speed = serializers.FloatField(
        required=False,
        min_value=SLOWEST,
        max_value=FASTEST,
        help_text="1 by default; the pitch stays.",
    )
    format = serializers.ChoiceField(
        required=False, choices=tuple(FORMAT.values), help_text=option_help(FORMAT)
    )
    mp3_bitrate_kbps = serializers.IntegerField(
        required=False,
        min_value=int(MP3_BITRATE_KBPS.range.low),
        max_value=int(MP3_BITRATE_KBPS.range.high),
        help_text=option_help(MP3_BITRATE_KBPS),
    )
