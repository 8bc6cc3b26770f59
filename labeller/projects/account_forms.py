"""The forms of accounts, without the words in grey that only repeat the labels above them."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, SignupForm


class _Plain:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # type: ignore[attr-defined]
            field.widget.attrs.pop("placeholder", None)


class SignInForm(_Plain, LoginForm):  # type: ignore[misc]
    pass


class SignUpForm(_Plain, SignupForm):  # type: ignore[misc]
    pass


class NewPasswordForm(_Plain, ChangePasswordForm):  # type: ignore[misc]
    pass
