"""One account at a time: what counts an account's rows and adds one does it under this lock."""

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from jobs.errors import AccountClosed
from jobs.models.quota_limit import QuotaLimit

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def lock_account(owner: "User | int", *, closed_too: bool = False) -> None:
    """Until the transaction ends, counting this account's jobs and adding one is one step: of two
    requests at once only one can take the last place. The same holds for each group of the account
    that has a limit as a whole, over all its members.

    Groups first and in one order, then the account: two that lock cannot wait for each other as
    long as a transaction locks one account only.

    Raises ``AccountClosed`` where the account is inactive, unless that makes no difference
    (``closed_too``): what begins before it is closed must not come to an end after.
    """
    pk = owner if isinstance(owner, int) else owner.pk
    shared = QuotaLimit.objects.filter(shared=True, group__user=pk).order_by("pk")
    list(shared.select_for_update(no_key=True, of=("self",)).values_list("pk"))
    # "No key": rows of others that point at the account, such as a log-in's, need not wait.
    account = get_user_model().objects.select_for_update(no_key=True).filter(pk=pk).first()
    if account is None or not (account.is_active or closed_too):
        raise AccountClosed("This account is closed: it takes nothing new.")
