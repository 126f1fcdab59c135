"""Imitating other processors: every setting is one that NumPy accepts here."""

import os
import subprocess
import sys

import pytest

from tools import processors

AVX512 = ["X86_V3", "X86_V4", "AVX512_ICL", "AVX512_SPR"]
OFF = "NPY_DISABLE_CPU_FEATURES"


def test_a_processor_with_avx_512_imitates_one_without_it_and_one_with_the_least():
    found = processors.settings(AVX512, "x86_64")
    assert {(new.get(OFF), new.get("OPENBLAS_CORETYPE")) for new in found.values()} == {
        (None, "Haswell"),
        ("X86_V4 AVX512_ICL AVX512_SPR", None),
        ("X86_V3 X86_V4 AVX512_ICL AVX512_SPR", "Nehalem"),
        (None, None),
    }
    assert found["two threads"] == processors.THREADS


@pytest.mark.parametrize(
    ("features", "machine", "names"),
    [
        (["X86_V3"], "AMD64", ["another BLAS", "NumPy's least, an old BLAS", "two threads"]),
        ([], "x86_64", ["NumPy's least, an old BLAS", "two threads"]),
        (["SVE", "ASIMDHP"], "aarch64", ["NumPy's least, an old BLAS", "two threads"]),
        ([], "arm64", ["two threads"]),
    ],
)
def test_what_a_processor_does_not_have_is_left_alone(features, machine, names):
    found = processors.settings(features, machine)
    assert list(found) == names
    for environment in found.values():
        assert set(environment.get(OFF, "").split()) <= set(features)
        core = environment.get("OPENBLAS_CORETYPE")
        assert core is None or machine in ("x86_64", "AMD64")
        assert core != "Haswell" or "X86_V3" in features


def test_numpy_takes_every_setting_without_a_warning():
    for environment in processors.settings(processors.optional_features()).values():
        script = "from tools.processors import optional_features; print(*optional_features())"
        said = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stderr == ""
        assert set(said.stdout.split()).isdisjoint(environment.get(OFF, "").split())
        assert OFF not in environment or environment[OFF]


def test_the_arguments_go_to_pytest_and_failures_are_counted(monkeypatch, capsys):
    seen, threads = [], []

    def run(command, env):
        seen.append(command)
        threads.append(env["OPENBLAS_NUM_THREADS"])
        return subprocess.CompletedProcess(command, returncode=int(OFF in env))

    monkeypatch.delenv(OFF, raising=False)
    monkeypatch.setattr(processors.subprocess, "run", run)
    monkeypatch.setattr(processors, "optional_features", lambda: AVX512)
    monkeypatch.setattr(processors.platform, "machine", lambda: "x86_64")
    count = len(processors.settings(AVX512, "x86_64"))
    assert processors.main(["-x", "tests"]) == 2
    assert [command[-2:] for command in seen] == [["-x", "tests"]] * count
    assert threads == ["1"] * (count - 1) + ["2"]
    assert f"{count - 2} of {count} settings passed." in capsys.readouterr().out
    seen.clear()
    processors.main([])
    assert [command[command.index("-n") + 1] for command in seen] == ["2"] * (count - 1) + ["1"]
