import pytest

from services.synthesis.domain import jobs, params
from shared.errors import Conflict, InvalidInput


def test_defaults_are_filled_in_so_that_a_rerun_is_the_same():
    made = params.job_params("synthesise", {"max_seconds": 120, "samples": 9, "seed": 5})
    assert made["train"]["max_seconds"] == 120
    assert (made["train"]["seed"], made["sample"]["seed"], made["sample"]["samples"]) == (5, 5, 9)
    assert params.job_params("synthesise", made) == params.job_params("synthesise", made)
    again = params.parse(params.TrainParams, made["train"])
    assert again.widths == (32, 64, 128)


@pytest.mark.parametrize(
    ("kind", "values", "says"),
    [
        ("bake", {}, "no kind of job"),
        ("train", {"speed": 3}, "Unknown parameter 'speed'"),
        ("train", {"size": "big"}, "whole number"),
        ("train", {"size": 64.5}, "whole number"),
        ("train", {"size": True}, "whole number"),
        ("train", {"size": 66}, "divisible"),
        ("train", {"size": 5}, "between"),
        ("train", {"widths": [10]}, "multiples of 8"),
        ("train", {"widths": "32"}, "a list"),
        ("train", {"max_seconds": float("nan")}, "between"),
        ("sample", {"samples": 0}, "between"),
        ("sample", {"kinds": ["dream"]}, "kinds"),
        ("synthesise", {"speed": 3}, "Unknown parameter"),
        ("dataset", {"name": " "}, "name"),
        ("dataset", {"include": ["synthetic"]}, "test set"),
        ("dataset", {"include": ["real", "fake"]}, "none of them"),
        ("dataset", {"split": {"train": 0.9, "val": 0.9, "test": 0.1}}, "sum to 1"),
        ("dataset", {"split": {"trian": 1}}, "split"),
        ("dataset", {"formats": ["dicom"]}, "formats"),
        ("study", {"seeds": 0}, "between"),
    ],
)
def test_bad_parameters_are_refused_in_one_sentence(kind, values, says):
    with pytest.raises(InvalidInput, match=says):
        params.job_params(kind, values)


def test_the_life_of_a_job():
    assert jobs.after("queued", "claim") == "running"
    assert jobs.after("running", "release") == "queued"
    for status in jobs.ENDED:
        with pytest.raises(Conflict):
            jobs.after(status, "cancel")
