"""What `diagnose` says about healthy and sick models, at any scale of the loss and any batch."""

import pytest
import torch
from zoo import ZOO, cross_entropy, overlap

from vgtools.diagnosis import diagnose

SCALES, BATCHES, SEEDS = (1e-6, 1.0, 1e6), (8, 64), (0, 1)


def verdict(patient, found):
    """Return kinds that are missed, and findings that are false alarms."""
    missed = []
    for kind, layers in patient.faults.items():
        named = [each for each in found if each.kind == kind]
        right = named and (layers is None or overlap(named[0].layers, layers) >= 0.5)
        missed += [] if right else [kind]
    false = [each for each in found if each.kind not in {*patient.faults, *patient.also}]
    return missed, [f"{each.kind}: {each.summary}" for each in false]


@pytest.mark.parametrize("patient", ZOO, ids=lambda patient: patient.name)
def test_every_fault_is_found_and_nothing_else(patient):
    wrong = []
    for seed in SEEDS:
        for size in BATCHES:
            model, batch = patient.model(seed), patient.batch(size, seed)
            for scale in SCALES:
                found = diagnose(model, batch, lambda o, y, s=scale: s * cross_entropy(o, y))
                missed, false = verdict(patient, found.findings)
                if missed or false:
                    wrong.append((seed, size, scale, missed, false))
    assert wrong == []


@pytest.mark.parametrize("patient", ZOO[::4], ids=lambda patient: patient.name)
def test_the_rate_does_not_depend_on_the_scale_of_the_loss(patient):
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
    healthy = [patient for patient in ZOO if not patient.faults]
    assert len(ZOO) >= 16 and abs(len(healthy) - len(ZOO) / 2) <= 1
