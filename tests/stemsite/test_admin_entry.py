"""The way into the administration pages, and the name they bear."""

import re

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse


def test_the_admin_has_no_log_in_of_its_own(client: Client, db: None) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == f"{reverse('account_login')}?next=%2Fadmin%2F"


def test_a_password_sent_to_the_admins_form_is_not_looked_at(client: Client, staff: User) -> None:
    staff.set_password("Stone-harbour-91")
    staff.save()
    client.post("/admin/login/", {"username": staff.username, "password": "Stone-harbour-91"})
    assert "_auth_user_id" not in client.session


def test_a_member_who_is_no_administrator_is_refused_in_our_words(
    client: Client, stranger: User
) -> None:
    client.force_login(stranger)
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "Skip to the content" in answer.content.decode()


def test_the_admin_bears_the_name_of_the_site(client: Client, staff: User) -> None:
    client.force_login(staff)
    page = client.get("/admin/").content.decode()
    assert "Django administration" not in page
    assert "stemsite" in page


def link_to_the_administration(client: Client, user: User) -> str:
    client.force_login(user)
    found = re.search(r'href="([^"]+)">Administration<', client.get("/").content.decode())
    return found[1] if found else ""


def test_staff_reach_the_operators_page_in_one_click(client: Client, staff: User) -> None:
    assert link_to_the_administration(client, staff) == reverse("admin:jobs_worker_changelist")


def test_staff_who_may_not_see_workers_get_the_index(client: Client, stranger: User) -> None:
    assert link_to_the_administration(client, stranger) == ""
    User.objects.filter(pk=stranger.pk).update(is_staff=True)
    assert link_to_the_administration(client, stranger) == reverse("admin:index")
