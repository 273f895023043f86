"""The lock of an account: code that counts an account's rows and then adds one must hold it."""

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from jobs.errors import AccountClosed
from jobs.models.quota_limit import QuotaLimit

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def lock_account(owner: "User | int", *, closed_too: bool = False) -> None:
    """Lock the account, and each group of it that has a shared limit, until the transaction ends.

    Under the lock, counting the account's jobs and adding one is one step: of two simultaneous
    requests only one can take the last place. The same holds for the members of those groups.
    The groups are locked first and in a fixed order, then the account. So two transactions cannot
    wait for each other, as long as each locks one account only.

    Raises ``AccountClosed`` where the account is inactive, unless ``closed_too``: a request that
    began before the account was closed must not add anything after.
    """
    pk = owner if isinstance(owner, int) else owner.pk
    shared = QuotaLimit.objects.filter(shared=True, group__user=pk).order_by("pk")
    list(shared.select_for_update(no_key=True, of=("self",)).values_list("pk"))
    # "No key": inserts of rows that refer to the account, such as log-ins, need not wait.
    account = get_user_model().objects.select_for_update(no_key=True).filter(pk=pk).first()
    if account is None or not (account.is_active or closed_too):
        raise AccountClosed("This account is closed: it takes nothing new.")
