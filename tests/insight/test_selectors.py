"""What is read of a project's rows, from none to many."""

import pytest

from labeller.insight import selectors
from labeller.insight.curve import curve_rows
from labeller.insight.markers import models_marker
from labeller.learning.models import LoopState, ModelExport
from labeller.projects.models import Project, User
from tests.cast import make_project
from tests.insight.scored import add_labels, add_version


def test_a_new_project_stands_at_nothing(project: Project) -> None:
    standing = selectors.standing(project, selectors.versions(project))
    assert (standing.has_texts, standing.labels, standing.audit, standing.current, standing.newest) == (
        False, 0, 0, None, 0,
    )  # fmt: skip
    assert [(score.support, score.labelled) for score in selectors.label_scores(project, None)] == [(0, 0)] * 3


@pytest.mark.parametrize(("n_audit", "is_shown"), [(0, False), (29, False), (30, True), (120, True)])
def test_a_version_is_a_point_only_from_thirty_audit_texts(project: Project, n_audit: int, is_shown: bool) -> None:
    add_version(project, n_labels=90, n_audit=n_audit)
    [row] = curve_rows(selectors.versions(project))
    assert (row.accuracy is not None, row.macro_f1 is not None) == (is_shown, is_shown)
    assert row.note == ("" if is_shown else f"too few ({n_audit})")


def test_versions_come_in_the_order_of_the_curve_with_the_stored_figures(project: Project) -> None:
    late = add_version(project, n_labels=120, n_audit=40, right=0.9)
    early = add_version(project, n_labels=60, n_audit=33)
    other = make_project(name="Somebody else's")
    add_version(other, n_labels=10, n_audit=50)
    first, second = selectors.versions(project)
    assert [first.number, second.number] == [early.number, late.number]
    assert second.accuracy is not None and second.macro_f1 is not None
    assert late.metrics["accuracy"] == {
        "value": second.accuracy.value, "low": second.accuracy.low, "high": second.accuracy.high,
    }  # fmt: skip
    assert second.accuracy.value == pytest.approx(36 / 40)


def test_a_full_model_that_was_not_promoted_is_not_the_current_one(project: Project) -> None:
    quick = add_version(project, n_labels=40, n_audit=30)
    add_version(project, n_labels=40, n_audit=30, kind="full", promoted=False)
    assert _current(project) == quick.number
    promoted = add_version(project, n_labels=45, n_audit=30, kind="full", promoted=True)
    assert _current(project) == promoted.number


def test_texts_are_counted_once_and_only_current_answers(project: Project, alice: User, bob: User) -> None:
    add_labels(project, alice, audit=4, active=5)
    twice = project.annotations.filter(source="audit")[0]
    project.annotations.create(
        key="11111111-1111-4111-8111-111111111111",
        document=twice.document,
        annotator=bob,
        status="labelled",
        source="audit",
    )
    undone = project.annotations.filter(source="active")[0]
    undone.superseded_at = undone.created_at
    undone.save(update_fields=["superseded_at"])
    project.annotations.filter(source="active", superseded_at=None).first().delete()  # type: ignore[union-attr]
    standing = selectors.standing(project, [])
    assert (standing.labels, standing.audit, standing.missing) == (7, 4, 26)


def test_label_scores_follow_the_head_s_own_columns(project: Project, alice: User) -> None:
    add_labels(project, alice, audit=3, active=1)
    version = add_version(project, n_labels=60, n_audit=31)  # support 11, 10, 10 in the order of label_ids
    by_name = {score.label.name: score for score in selectors.label_scores(project, version.number)}
    assert [by_name[name].support for name in ("Change", "Court", "Other")] == [11, 10, 10]
    version.label_ids.reverse()
    version.save(update_fields=["label_ids"])
    by_name = {score.label.name: score for score in selectors.label_scores(project, version.number)}
    assert [by_name[name].support for name in ("Change", "Court", "Other")] == [10, 10, 11]
    assert [by_name[name].labelled for name in ("Change", "Court", "Other")] == [2, 1, 1]


@pytest.mark.parametrize(("n_audit", "has_evidence"), [(12, False), (15, True)])
def test_a_label_with_fewer_than_five_audit_texts_has_too_few(
    project: Project, n_audit: int, has_evidence: bool
) -> None:
    version = add_version(project, n_labels=40, n_audit=n_audit)
    assert all(score.has_evidence is has_evidence for score in selectors.label_scores(project, version.number))


def test_the_marker_changes_with_every_figure_of_the_page(project: Project, alice: User) -> None:
    seen = [_marker(project)]
    add_labels(project, alice, audit=1)
    seen.append(_marker(project))
    version = add_version(project, n_labels=40, n_audit=30, kind="full", promoted=True)
    seen.append(_marker(project))
    LoopState.objects.update_or_create(project=project, defaults={"serving": version})
    seen.append(_marker(project))
    export = ModelExport.objects.create(version=version)
    seen.append(_marker(project))
    export.state = ModelExport.State.DONE
    export.save()
    seen.append(_marker(project))
    assert len(set(seen)) == len(seen) and _marker(project) == seen[-1]


def _current(project: Project) -> int | None:
    current = selectors.standing(project, selectors.versions(project)).current
    return current.number if current else None


def _marker(project: Project) -> str:
    return models_marker(project)
