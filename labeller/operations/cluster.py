"""One cluster of workers: `python -m labeller.operations.cluster training`.

django-q2 reads its configuration when it is imported and takes the cluster's own part of it from the environment then;
`qcluster -n training` comes too late and would run with the settings of the other cluster. So the name is set first.
"""

from __future__ import annotations

import os
import sys

from labeller.operations import lifeline


def main(name: str) -> None:
    os.environ["Q_CLUSTER_NAME"] = name
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labeller.settings")
    lifeline.end_with_parent()
    import django

    django.setup()
    from django_q.cluster import Cluster

    Cluster().start()


if __name__ == "__main__":
    main(sys.argv[1])
