"""A page that renews its parts says so when its reader was signed out, and stays as it is.

Answered as usual, each part would be replaced by the page to sign in, whose `next` would be the part's address. The
page itself is not left: it may hold what somebody is writing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render, resolve_url

from labeller.projects.access import LabellerRequest

STOP_POLLING = 286  # htmx's own: show this answer, and ask no more


class SignInMiddleware(LoginRequiredMiddleware):
    """Django's; what htmx asks for is answered by a notice that leads to the page to sign in, and from there back."""

    # Django takes whatever is answered; its types know redirects only.
    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        htmx = cast(LabellerRequest, request).htmx
        if not htmx or htmx.history_restore_request:
            return super().handle_no_permission(request, view_func)
        # None where the page is another site's: then it is not where to go on.
        page = htmx.current_url_abs_path or resolve_url(settings.LOGIN_REDIRECT_URL)
        sign_in = redirect_to_login(page, resolve_url(self.get_login_url(view_func)))
        answer = render(request, "_signed_out.html", {"sign_in": sign_in.url}, status=STOP_POLLING)
        answer["HX-Retarget"] = answer["HX-Reselect"] = "#signed-out"
        answer["HX-Reswap"] = "outerHTML"
        return answer
