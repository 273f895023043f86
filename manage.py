"""Django's command line for stemsite."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

INTERRUPTED = 130
"""What a shell calls a program that Ctrl-C ended."""

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stemsite.settings")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        # While something still starts; whatever runs for long takes the signal itself.
        sys.exit(INTERRUPTED)
    except ImproperlyConfigured as error:
        # Each line names a setting and says what to write.
        sys.exit(str(error))
