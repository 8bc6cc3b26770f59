"""Of allauth's pages those that this house uses. The others (addresses, confirmations, codes) tell of states that
nobody here is ever in."""

from __future__ import annotations

from allauth.account import views
from django.urls import URLPattern, path, re_path

from labeller.projects.accounts import email_works


def routes(*, mail: bool) -> list[URLPattern]:
    """The pages below /accounts/; a forgotten password's only where a letter reaches somebody."""
    always = [
        path("login/", views.login, name="account_login"),
        path("logout/", views.logout, name="account_logout"),
        path("signup/", views.signup, name="account_signup"),  # closed without an invitation
        path("password/change/", views.password_change, name="account_change_password"),
    ]
    forgotten = [
        path("password/reset/", views.password_reset, name="account_reset_password"),
        path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
        re_path(
            r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
            views.password_reset_from_key,
            name="account_reset_password_from_key",
        ),
        path(
            "password/reset/key/done/",
            views.password_reset_from_key_done,
            name="account_reset_password_from_key_done",
        ),
    ]
    return always + forgotten if mail else always


urlpatterns = routes(mail=email_works())
