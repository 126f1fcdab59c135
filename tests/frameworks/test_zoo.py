"""What `diagnose` says about healthy and sick models, at any scale of the loss and any batch.

This is a small part of what `python -m benchmarks.diagnosis` asks.
"""

from collections import namedtuple

import pytest
import torch
from zoo import HEALTHY, SICK, ZOO, Patient, cross_entropy

from vgtools.diagnosis import diagnose, watch

SCALES, BATCHES = (1e-6, 1.0, 1e6), (8, 64)
RATES = {"ReLU, He", "GPT", "sigmoids, Glorot", "RNN that forgets", "ResNet"}


MISSED = {
    "LSTM, both directions, last of 100 steps": "two directions have no rate in time",
}
"""What `diagnose` does not find, and why."""


def known(patient):
    marks = [pytest.mark.xfail(reason=MISSED[patient.name])] if patient.name in MISSED else []
    return pytest.param(patient, id=patient.name, marks=marks)


@pytest.mark.parametrize("patient", [known(patient) for patient in ZOO])
def test_every_fault_is_found_and_nothing_else(patient):
    wrong = []
    for seed, size in enumerate(BATCHES):
        model, batch = patient.model(seed), patient.batch(size, seed)
        for scale in patient.scales or SCALES:
            found = diagnose(model, batch, patient.scaled_loss(scale))
            missed, false = patient.verdict(found.findings)
            if missed or false:
                wrong.append((seed, size, scale, missed, false))
    assert wrong == []


@pytest.mark.parametrize("patient", HEALTHY, ids=lambda patient: patient.name)
def test_a_watch_finds_nothing_while_a_healthy_model_learns(patient):
    model = patient.model(0).train()
    learning = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.SGD(learning, 0.01)
    with watch(model, every=1) as seen:
        for step in range(4):
            x, y = patient.batch(16, step)
            optimizer.zero_grad()
            patient.loss(model(*x) if isinstance(x, tuple) else model(x), y).backward()
            optimizer.step()
    # With this learning rate, weights of 16 bits lose most of each step.
    lost = ["updates too small"] if next(model.parameters()).dtype.itemsize == 2 else []
    assert len(seen.history.step) == 4 and [each.kind for each in seen.findings] == lost


@pytest.mark.parametrize("name", sorted(RATES))
def test_the_rate_does_not_depend_on_the_scale_of_the_loss(name):
    (patient,) = [each for each in ZOO if each.name == name]
    model, batch = patient.model(0), patient.batch(16, 0)
    rates = []
    for power in (-100, 0, 40):
        torch.manual_seed(0)  # dropout
        rates.append(
            diagnose(model, batch, lambda o, y, p=power: 2.0**p * cross_entropy(o, y)).rate
        )
    assert rates[0] == pytest.approx(rates[1], rel=1e-5, nan_ok=True)
    assert rates[2] == pytest.approx(rates[1], rel=1e-5, nan_ok=True)


def test_half_of_the_zoo_is_healthy():
    assert len(ZOO) >= 40 and 0.4 < len(HEALTHY) / len(ZOO) < 0.6
    assert all(not patient.faults_at() for patient in HEALTHY)
    assert all(patient.faults_at() for patient in SICK)


def test_names_are_unique_and_every_recipe_has_a_source():
    assert len({patient.name for patient in ZOO}) == len(ZOO)
    assert all(patient.source for patient in ZOO)


def test_a_verdict_needs_the_kind_and_half_of_the_layers():
    said = namedtuple("said", "kind layers")
    faults = {"vanishing": ("1", "2")}
    patient = Patient("sick", lambda: None, "nowhere", faults=faults, also=("underflow",))
    assert patient.verdict([said("vanishing", ("1 (Linear)",))]) == ([], [])
    assert patient.verdict([said("vanishing", ("2",))]) == ([], [])
    assert patient.verdict([said("vanishing", ("2", "3"))]) == (["vanishing"], [])
    wrong = [said("underflow", ("1",)), said("exploding", ("1", "2"))]
    assert patient.verdict(wrong) == (["vanishing"], ["exploding"])
