# SPDX-License-Identifier: LGPL-2.1-or-later
"""kanzend on a libkxl without machines (kanzend-fake): the protocol and the driver, without QEMU and without root.

KANZEND names the program; `meson test` sets it.
"""
import gc
import os
import signal
import subprocess
import time
from pathlib import Path

import libvirt
import pytest

from wire import Wire


@pytest.fixture(autouse=True)
def errors_stay():
    """libvirt keeps one last error for each thread: a connection or domain that the collector frees between a failure and the
    question for it would put its own there."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def preload():
    """What umockdev-wrapper loads before each program, and before that the sanitizer's library, where there is one: it must be first."""
    wrapper = os.environ.get("LD_PRELOAD", "").strip(":")
    if not wrapper:
        return {}
    linked = subprocess.run(["ldd", os.environ["KANZEND"]], capture_output=True, text=True, check=True).stdout
    asan = [line.split()[2] for line in linked.splitlines() if "libasan" in line]
    return {"LD_PRELOAD": ":".join([*asan, wrapper])}


class Daemon:
    def __init__(self, folder):
        self.folder = folder
        self.run, self.lib = folder / "run", folder / "lib"
        self.lib.mkdir()
        self.socket = self.run / "virtxend-sock"
        self.env = dict(os.environ, **preload(), KANZEN_LIB_DIR=str(self.lib),
                        LSAN_OPTIONS=f"suppressions={Path(__file__).parent / 'lsan.supp'}:print_suppressions=0")
        self.log = folder / "log"
        self.process = None

    def configure(self, text):
        """What the next start or reload finds in kanzend.conf."""
        (self.folder / "kanzend.conf").write_text(text)

    def start(self, *options, **env):
        if (self.folder / "kanzend.conf").exists():
            options += "--config", self.folder / "kanzend.conf"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([os.environ["KANZEND"], "--run-dir", self.run, *options], stderr=log,
                                            env=dict(self.env, **env))
        deadline = time.monotonic() + 20
        while not self.answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "kanzend made no socket"
            time.sleep(0.02)

    def answers(self):
        try:
            Wire(self.socket).close()
            return True
        except OSError:
            return False

    def wait_for_log(self, text):
        deadline = time.monotonic() + 20
        while text not in self.log.read_text():
            assert time.monotonic() < deadline, f"no '{text}' in the log:\n" + self.log.read_text()[-3000:]
            time.sleep(0.02)

    def reload(self):
        before = self.log.read_text().count("kanzend: configuration read again") + self.log.read_text().count("going on with")
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 20
        while self.log.read_text().count("configuration read again") + self.log.read_text().count("going on with") == before:
            assert time.monotonic() < deadline, "no reload"
            time.sleep(0.02)

    def stop(self):
        """Ends it the way systemd does; it must go cleanly, which is when the leak check speaks."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=30)
        self.process = None
        assert status == 0, self.log.read_text()[-4000:]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def wire(self, readonly=False, opened=True):
        wire = Wire(Path(str(self.socket) + "-ro") if readonly else self.socket)
        if opened:
            wire.open()
        return wire

    @property
    def uri(self):
        return f"{'xen:///system' if os.geteuid() == 0 else 'xen:///session'}?socket={self.socket}"

    def connect(self):
        return libvirt.open(self.uri)


@pytest.fixture
def stopped_daemon(tmp_path):
    """For tests that configure it first."""
    made = Daemon(tmp_path)
    yield made
    if made.process is not None:
        made.stop()


@pytest.fixture
def daemon(tmp_path):
    made = Daemon(tmp_path)
    made.start()
    yield made
    if made.process is not None:
        made.stop()


@pytest.fixture
def conn(daemon):
    made = daemon.connect()
    yield made
    made.close()


def _quiet(_context, _error):
    pass


libvirt.registerErrorHandler(_quiet, None)
