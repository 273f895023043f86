"""What the stages of a job are expected to cost, by whom that is known."""

import pytest

from separation.pipeline.rates import Rates
from separation.protocol.jobspec import StageRate, StageRequest
from separation.request.cost import default_rate
from separation.request.separation_request import SeparationRequest
from separation.stages.registry import check_pipeline

PIPELINE = SeparationRequest(separator="spectral", stages=("separation",)).to_pipeline()


def test_a_first_job_is_expected_by_the_constants() -> None:
    found = Rates().expected(check_pipeline(PIPELINE), {})
    named = [(stage.name, stage.params) for stage in PIPELINE]
    for stage in PIPELINE:
        assert found[stage.name].seconds_per_second == pytest.approx(
            default_rate(stage.name, named)
        )
        assert not found[stage.name].learned


def test_a_second_job_of_the_process_knows_what_the_first_one_took() -> None:
    rates, stages = Rates(), check_pipeline(PIPELINE)
    separation = next(stage for stage in stages if stage.name == "separation")
    rates.remember(separation, stages, work_s=50.0, audio_s=100.0)
    found = rates.expected(check_pipeline(PIPELINE), {})
    assert found["separation"] == StageRate(seconds_per_second=0.5)
    assert not found["export"].learned


def test_other_parameters_are_other_work() -> None:
    rates, stages = Rates(), check_pipeline(PIPELINE)
    rates.remember(stages[1], stages, work_s=50.0, audio_s=100.0)
    more = SeparationRequest(separator="spectral", stages=("separation",), seed=5).to_pipeline()
    assert not rates.expected(check_pipeline(more), {})["separation"].learned


def test_what_a_few_files_took_is_expected_of_many_in_proportion() -> None:
    rates, stages = Rates(), check_pipeline(PIPELINE)
    rates.remember(stages[-1], stages, work_s=5.0, audio_s=100.0)
    everything = check_pipeline(SeparationRequest(separator="spectral").to_pipeline())
    found = rates.expected(everything, {})["export"]
    assert found.learned and found.seconds_per_second == pytest.approx(0.05 * 22 / 5)


def test_the_asker_is_believed_where_it_has_learned_and_this_process_where_it_has_not() -> None:
    rates, stages = Rates(), check_pipeline(PIPELINE)
    rates.remember(stages[0], stages, work_s=1.0, audio_s=100.0)
    rates.remember(stages[1], stages, work_s=2.0, audio_s=100.0)
    told = {
        "prepare": StageRate(seconds_per_second=0.5),
        "separation": StageRate(seconds_per_second=0.7, learned=False),
        "export": StageRate(seconds_per_second=0.9, learned=False),
    }
    found = rates.expected(stages, told)
    assert found["prepare"] == told["prepare"]
    assert found["separation"] == StageRate(seconds_per_second=0.02)
    assert found["export"] == told["export"]


def test_a_song_without_length_teaches_nothing() -> None:
    rates, stages = Rates(), check_pipeline(PIPELINE)
    rates.remember(stages[0], stages, work_s=1.0, audio_s=0.0)
    assert not rates.expected(stages, {})["prepare"].learned


def test_a_pipeline_may_ask_for_a_stage_alone() -> None:
    stages = check_pipeline([StageRequest(name="prepare"), StageRequest(name="export")])
    found = Rates().expected(stages, {})
    assert all(rate.seconds_per_second > 0 for rate in found.values())
