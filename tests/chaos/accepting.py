"""Two offers for one song, accepted at once, again and again; the last line is JSON.

A process of its own, as the tests' process is bound to the database of the tests.
"""

import json
import sys
import threading
from typing import Any


def _race(*offers: Any) -> list[str]:
    """What each of them met, all let go in the same moment."""
    from django.db import connection

    from jobs.services.campaigns.versions import accept_version

    gate, met = threading.Barrier(len(offers)), list[str]()

    def accept(offer: Any) -> None:
        try:
            gate.wait()
            accept_version(job=offer)
        except Exception as error:
            met.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(offer,)) for offer in offers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return met


def main(rounds: int) -> dict[str, Any]:
    import django

    django.setup()
    from jobs.models import Job
    from tests.factories import make_source, make_user
    from tests.jobs.campaigns.world import make_song, make_version
    from tests.ready_site import migrate_if_empty

    migrate_if_empty()
    met: list[str] = []
    in_history: set[int] = set()
    for number in range(rounds):
        # An owner for each round, so that its campaigns see no song but this one.
        owner = make_user(f"owner{number}", password=None)
        song = make_song(source=make_source(owner=owner))
        whose = f"owner={owner.username}"
        offers = [make_version(song, whose, separator="spectral", format=f) for f in ("mp3", "ogg")]
        met += _race(*offers)
        in_history.add(Job.objects.listed().filter(owner=owner).count())
    return {"met": met, "in_history": sorted(in_history)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]))) + "\n")
