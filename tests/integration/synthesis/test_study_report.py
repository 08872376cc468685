"""The report of a study over HTTP: an attachment for those who may read the job, and a sentence where there is none."""

from __future__ import annotations

import pytest

from shared.auth import Role
from shared.ids import new_id
from tests.samples import add_study


def test_the_report_is_the_studys_page_as_an_attachment(house):
    job_id, page = add_study(house.deps.db, house.deps.blobs, house.project, 'White "matter"\r\nX: y / 2')
    answer = house.get(f"/jobs/{job_id}/report")
    assert (answer.status_code, answer.text) == (200, page)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="study-White-matter-X-y-2.html"'
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_name_without_latin_letters_still_gives_a_file_name(house):
    job_id, _ = add_study(
        house.deps.db, house.deps.blobs, house.project, "\u0627\u0644\u062f\u0645\u0627\u063a"
    )
    assert (
        'filename="study-project.html"' in house.get(f"/jobs/{job_id}/report").headers["content-disposition"]
    )


@pytest.mark.parametrize(
    ("kind", "status", "says"),
    [
        ("dataset", "queued", "Only studies have a report"),
        ("study", "queued", "it is queued"),
        ("study", "cancelled", "it is cancelled"),
    ],
)
def test_where_there_is_none_a_sentence_says_why(house, kind, status, says):
    job = house.queue.create(house.project, kind, {}, "u")
    if status == "cancelled":
        house.queue.cancel(job.id)
    answer = house.get(f"/jobs/{job.id}/report")
    assert answer.status_code == 404
    assert says in answer.json()["detail"]


def test_neither_volunteers_nor_other_labs_learn_that_it_exists(house):
    job_id, _ = add_study(house.deps.db, house.deps.blobs, house.project)
    unknown = house.get(f"/jobs/{new_id()}/report")
    volunteer = house.get(f"/jobs/{job_id}/report", role=Role.VOLUNTEER)
    stranger = house.get(f"/jobs/{job_id}/report", project=new_id())
    assert [a.status_code for a in (unknown, volunteer, stranger)] == [404, 404, 404]
    assert volunteer.json()["detail"] == stranger.json()["detail"]


def test_the_list_says_how_jobs_stand_and_leaves_what_they_found_to_the_job_itself(house):
    first, _ = add_study(house.deps.db, house.deps.blobs, house.project)
    second = house.queue.create(house.project, "dataset", {"name": "x"}, "u")
    items = house.get(f"/projects/{house.project}/jobs").json()["items"]
    assert [(i["id"], i["kind"], i["status"]) for i in items] == [
        (second.id, "dataset", "queued"),
        (first, "study", "succeeded"),
    ]
    alone = house.get(f"/jobs/{first}").json()
    assert alone["result"]
    assert set(alone) - set(items[1]) == {"params", "result"}
    assert {k: alone[k] for k in items[1]} == items[1]


def test_the_jobs_result_says_what_the_pages_show(house):
    """What StudyResult.tsx builds its sentences from; a renamed field would leave them empty."""
    job_id, _ = add_study(house.deps.db, house.deps.blobs, house.project)
    result = house.get(f"/jobs/{job_id}").json()["result"]
    told = {
        "base",
        "measure",
        "arm",
        "baseline",
        "value",
        "baseline_value",
        "mean",
        "relative",
        "relative_low",
        "relative_high",
        "verdict",
    }
    assert all(told <= set(row) for row in result["comparisons"])
    assert {row["verdict"] for row in result["comparisons"]} == {"helped", "hurt", "can't be told"}
    labels, synthetic = result["worth"]
    assert (labels["what"], synthetic["what"]) == ("volunteers' labels", "synthetic images")
    numbers = ("base", "asked", "images", "now", "gain", "low", "high", "predicted", "measured")
    for row in result["worth"]:
        assert all(isinstance(row[name], int | float) for name in numbers)
        assert row["verdict"] in ("worth it", "stop", "can't be told")
    assert labels["minutes"] == pytest.approx(1.5 * labels["asked"])
