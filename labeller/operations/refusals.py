"""A script is refused in its own language.

A page's script that asked for JSON can do nothing with a page for people. It must also tell "this is not yours to do",
which no retry mends, from a form that was sent after signing out, which Django refuses with 403 as well.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _


class JsonRefusalMiddleware:
    """Answers {"error": sentence} with 403 or 404 where a view refused a request that accepts JSON."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not request.headers.get("Accept", "").startswith("application/json"):
            return None
        if isinstance(exception, PermissionDenied):
            return JsonResponse({"error": str(exception) or _("Your role does not include this.")}, status=403)
        if isinstance(exception, Http404):
            return JsonResponse({"error": _("This is not there, or not open to you any more.")}, status=404)
        return None
