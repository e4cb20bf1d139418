# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the integration tests. They run inside tests/in-host (tests/run sees to it)."""
import gc
import subprocess
import uuid as uuid_module
from pathlib import Path

import pytest

import kanzen


# The files that take longest: first, so that the private hosts are done at about the same time.
LONGEST = ("test_boot", "test_xl", "test_split_drivers", "test_hotplug", "test_lifecycle", "test_kill", "test_hotplug_virsh", "test_virt_install_options")


def pytest_collection_modifyitems(config, items):
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
    if Path("/run/kanzen-libexec").is_dir():
        return
    skip = pytest.mark.skip(reason="not in a private host: use tests/in-host or tests/run")
    for item in items:
        item.add_marker(skip)


@pytest.fixture(autouse=True)
def errors_stay():
    """libvirt keeps one last error for each thread: a connection or domain that the collector frees between a failure and the
    question for it would put its own there."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="session")
def images():
    """The folder examples/make-guest filled."""
    path = Path("/run/guest")
    if not (path / "stamp").exists():
        pytest.skip("no example guests: run examples/make-guest first")
    return path


@pytest.fixture
def name(request):
    """A domain name of this test's own; whatever still runs or is defined under it is removed afterwards."""
    made = "t" + uuid_module.uuid4().hex[:8]
    yield made
    if getattr(request.node, "failed", False):
        kanzen.report_logs(made)
    for left in kanzen.domain_names():
        if left.startswith(made):
            subprocess.run(["xl", "destroy", left], capture_output=True, timeout=60 * kanzen.PATIENCE)
            subprocess.run(["virsh", "undefine", "--nvram", left], capture_output=True, timeout=60 * kanzen.PATIENCE)
    assert not [left for left in kanzen.domain_names() if left.startswith(made)]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed:
        item.failed = True


@pytest.fixture
def guest(images, name, tmp_path):
    """Builds configurations of the example guest; see kanzen.Guest."""
    return kanzen.Guest(images, name, tmp_path)


@pytest.fixture
def conn():
    """A python3-libvirt connection, closed afterwards."""
    import libvirt

    libvirt.registerErrorHandler(lambda _ctx, _err: None, None)
    opened = libvirt.open("xen:///system")
    yield opened
    opened.close()
