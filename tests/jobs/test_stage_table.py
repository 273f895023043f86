"""Pages, the API and the commands name the stages as the table does."""

from typing import Any

from jobs.api.uploads.choices import ChoicesSerializer
from jobs.management.commands.reprocess import Command as Reprocess
from jobs.management.commands.separate import Command as Separate
from jobs.web.account.forms import DefaultsForm
from jobs.web.uploads.choices import STAGE_BOXES
from jobs.web.uploads.forms import SeparationForm
from jobs.wording import stage_label
from separation.families import FAMILIES
from separation.stage_table import OPTIONAL_STAGES, STAGES, USUAL_STAGES

ALL = ",".join(OPTIONAL_STAGES)


def test_forms_offer_what_may_be_chosen_with_the_words_of_the_rows() -> None:
    rows = [STAGES[name] for name in OPTIONAL_STAGES]
    assert list(STAGE_BOXES) == [(row.name, row.title, row.text) for row in rows]
    for form in (SeparationForm(), DefaultsForm()):
        field: Any = form.fields["stages"]
        assert list(field.choices) == [(row.name, row.title) for row in rows]
        assert field.initial == list(USUAL_STAGES)


def test_the_api_and_the_commands_name_all_of_them() -> None:
    assert ALL in str(ChoicesSerializer().fields["stages"].help_text)
    for command in (Separate(), Reprocess()):
        help_text = command.create_parser("manage.py", "any").format_help()
        assert ALL in "".join(help_text.split())


def test_pages_take_labels_and_titles_from_the_rows() -> None:
    assert [stage_label(name) for name in STAGES] == [row.label for row in STAGES.values()]
    titles = {family.stage: family.title for family in FAMILIES if family.stage != "export"}
    assert titles == {name: STAGES[name].title for name in titles}
