# SPDX-License-Identifier: LGPL-2.1-or-later
"""A desktop without a screen (Xvfb, D-Bus, a window manager), and a program on it driven by what it tells assistive technology."""
import os
import re
import subprocess
import time

WIDTH, HEIGHT = 1060, 920
ROLES = {"button": "push button", "toggle": "toggle button", "radio": "radio button", "cell": "table cell", "item": "menu item",
         "tab": "page tab"}


class Missing(AssertionError):
    pass


def until(what, condition, timeout=20.0):
    """Polls condition until it gives something true, which is returned."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Missing(f"waited {timeout} s for {what}")
        time.sleep(0.1)


class Desktop:
    """Its programs end with it."""

    def __init__(self, home):
        self.children = []
        self.programs = []
        os.environ.update(HOME=str(home), XDG_RUNTIME_DIR=str(home), XDG_CACHE_HOME=f"{home}/.cache", GDK_BACKEND="x11",
                          XDG_DATA_HOME=f"{home}/.local/share", XDG_CONFIG_HOME=f"{home}/.config", GSETTINGS_BACKEND="keyfile",
                          NO_AT_BRIDGE="0", LC_ALL="C.UTF-8", LIBGL_ALWAYS_SOFTWARE="1")
        os.environ["DISPLAY"] = ":" + self.start_and_read(
            ["Xvfb", "-displayfd", "1", "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp", "-noreset"])
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = self.start_and_read(["dbus-daemon", "--session", "--nofork", "--print-address=1"])
        self.start(["openbox", "--sm-disable"])
        import gi
        gi.require_version("Atspi", "2.0")
        gi.require_version("Gdk", "3.0")
        from gi.repository import Atspi, Gdk
        self.atspi, self.gdk = Atspi, Gdk
        Atspi.init()
        Gdk.init([])

    def start(self, command, **kw):
        child = subprocess.Popen(command, stderr=kw.pop("stderr", subprocess.DEVNULL), **kw)
        self.children.append(child)
        return child

    def start_and_read(self, command):
        return self.start(command, stdout=subprocess.PIPE).stdout.readline().decode().strip()

    def close(self):
        self.gdk.Display.get_default().close()  # GDK ends a program that loses its screen
        for child in reversed(self.children):
            child.terminate()
        for child in self.children:
            child.wait(timeout=10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def run(self, command, name, log):
        """Starts a program, whose application in the tree is called name."""
        child = self.start(command, stdout=log, stderr=log)
        self.programs.append(child)

        def application():
            if child.poll() is not None:
                raise Missing(f"{command[0]} has ended with status {child.returncode}")
            root = self.atspi.get_desktop(0)
            root.clear_cache()
            found = [root.get_child_at_index(i) for i in range(root.get_child_count())]
            return next((a for a in found if a and a.get_name() == name), None)

        return Node(self, until(f"{name} in the tree", application, 60))

    def screenshot(self, path):
        """The active window with its title, as PNG."""
        time.sleep(1)  # for what has just been asked to be drawn
        frame = self.gdk.Screen.get_default().get_active_window().get_frame_extents()
        x, y = max(frame.x, 0), max(frame.y, 0)
        picture = self.gdk.pixbuf_get_from_window(self.gdk.get_default_root_window(), x, y, min(frame.width, WIDTH - x),
                                                  min(frame.height, HEIGHT - y))
        picture.savev(str(path), "png", ["compression"], ["9"])

    def key(self, *names):
        subprocess.run(["xdotool", "key", *names], check=True, timeout=20)

    def type(self, text):
        subprocess.run(["xdotool", "type", "--delay", "60", text], check=True, timeout=60)


class Node:
    """One element of a program: found by pattern, clicked, filled in."""

    def __init__(self, desktop, accessible):
        self.desktop, self.accessible = desktop, accessible

    def __repr__(self):
        return f"{self.role} '{self.name}'"

    @property
    def name(self):
        return self.accessible.get_name() or ""

    @property
    def role(self):
        return self.accessible.get_role_name()

    def has(self, state):
        """One of Atspi.StateType, by its name."""
        self.accessible.clear_cache()
        return self.accessible.get_state_set().contains(getattr(self.desktop.atspi.StateType, state))

    @property
    def text(self):
        interface = self.accessible.get_text_iface()
        return interface.get_text(0, interface.get_character_count()) if interface else self.name

    def children(self):
        self.accessible.clear_cache()
        for i in range(min(self.accessible.get_child_count(), 500)):
            child = self.accessible.get_child_at_index(i)
            if child is not None:
                yield Node(self.desktop, child)

    def walk(self, depth=25):
        for child in self.children():
            yield child
            if depth > 0:
                yield from child.walk(depth - 1)

    def labels(self):
        """The texts of what labels it."""
        for relation in self.accessible.get_relation_set():
            if relation.get_relation_type() == self.desktop.atspi.RelationType.LABELLED_BY:
                for i in range(relation.get_n_targets()):
                    yield relation.get_target(i).get_name() or ""

    def matches(self, pattern, role):
        if role is not None and self.role != role:
            return False
        return re.match(pattern, self.name) or any(re.match(pattern, label) for label in self.labels())

    def look(self, pattern, role=None, showing=True):
        """The first below it whose name or label matches, or None."""
        from gi.repository import GLib
        try:
            return next((n for n in self.walk() if n.matches(pattern, ROLES.get(role, role)) and (not showing or n.has("SHOWING"))),
                        None)
        except GLib.Error:  # it changed while it was looked at
            return None

    def find(self, pattern, role=None, timeout=15.0, showing=True):
        return until(f"{role or 'element'} '{pattern}' in {self!r}", lambda: self.look(pattern, role, showing), timeout)

    def window(self, pattern, timeout=20.0):
        """A window of this program."""
        def top():
            return next((w for w in self.children() if w.role in ("frame", "dialog", "alert", "window") and re.match(pattern, w.name)
                         and w.has("SHOWING")), None)
        return until(f"window '{pattern}'", top, timeout)

    def tree(self, depth=25, indent=0):
        """For who writes a script: what there is."""
        for child in self.children():
            if child.has("SHOWING"):
                print("  " * indent + repr(child), list(child.labels()), flush=True)
                child.tree(depth - 1, indent + 1)

    # ---- doing ----

    def until_sensitive(self):
        until(f"{self!r} sensitive", lambda: self.has("SENSITIVE"), 30)
        return self

    def activate(self):
        """Presses it without the pointer. Not for what opens a dialog that is waited for: the call would wait, too."""
        self.until_sensitive()
        self.accessible.get_action_iface().do_action(0)
        return self

    def click(self, button=1, double=False, dx=None):
        """With the pointer, in its middle, or dx from its left side."""
        self.until_sensitive()
        box = self.accessible.get_component_iface().get_extents(self.desktop.atspi.CoordType.SCREEN)
        x, y = box.x + (dx if dx is not None else box.width // 2), box.y + box.height // 2
        subprocess.run(["xdotool", "mousemove", str(x), str(y), "sleep", "0.1", "click", "--repeat", "2" if double else "1",
                        str(button)], check=True, timeout=20)
        time.sleep(0.2)
        return self

    def set_text(self, text):
        self.until_sensitive()
        self.accessible.get_editable_text_iface().set_text_contents(text)
        return self

    def set_value(self, value):
        """Of a spin button."""
        self.until_sensitive()
        self.accessible.get_value_iface().set_current_value(value)
        return self

    def choose(self, item):
        """Of a combo box."""
        self.click()
        self.find(item, "item").click()
        return self
