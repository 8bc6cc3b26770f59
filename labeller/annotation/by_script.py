"""What a page's script posts is answered in JSON, the same sent by a plain form by a redirect."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def refused(request: HttpRequest, sentence: str, to: str, *named: object) -> HttpResponse:
    """A definite no; a plain form goes on to the address `to`, as `reverse` takes it."""
    if wants_json(request):
        return JsonResponse({"error": sentence}, status=422)
    messages.error(request, sentence)
    return redirect(to, *named)
