"""For load balancers and monitors."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from labeller.learning import selectors


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when pages can be served: the database answers (else 500). Workers are told, not required: labelling goes
    on without them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse(
        {"database": True, "quick": selectors.workers_alive("quick"), "training": selectors.workers_alive("training")}
    )
