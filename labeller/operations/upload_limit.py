"""No request body is taken in that nobody may send.

Django's CSRF check reads the whole form before any view runs, and files of a form go to disk while they are read. So
the size is judged here, by the request's own Content-Length, before anything is read: a server hands on no more bytes
than announced there.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from labeller.numerals import decimal

KILOBYTE, MEGABYTE = 1024, 1024 * 1024
ANONYMOUS = 64 * KILOBYTE  # signing in and making an account take one or two


class UploadLimitMiddleware:
    """Answers 413 to a body above UPLOAD_LIMIT, and above 64 kB when nobody is signed in: a body holds a thread while
    it arrives. Stands after the session and before the CSRF check. The fields around a file may take as much as any
    other form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        size = _announced(request)
        if size > settings.UPLOAD_LIMIT + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            said = _(
                "%(size)s were sent; at most %(most)s can be taken. Split the file, or have it imported by command."
            )
            return _too_large(request, said, size, settings.UPLOAD_LIMIT)
        if size > ANONYMOUS and not get_user(request).is_authenticated:
            said = _("%(size)s were sent; at most %(most)s can be taken before signing in.")
            return _too_large(request, said, size, ANONYMOUS)
        return self.get_response(request)


def _announced(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0  # Django reads nothing of such a body


def _amount(size: int) -> str:
    return f"{decimal(size / MEGABYTE, 1)} MB" if size >= MEGABYTE else f"{decimal(size / KILOBYTE, 0)} kB"


def _too_large(request: HttpRequest, said: str, size: int, limit: int) -> HttpResponse:
    sentence = said % {"size": _amount(size), "most": _amount(limit)}
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"error": sentence}, status=413)
    return render(request, "413.html", {"sentence": sentence}, status=413)
