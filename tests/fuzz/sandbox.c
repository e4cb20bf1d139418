/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define SKIPPED 77 /* as Meson and automake have it */

static void must(int status, const char *what)
{
    if (status == 0)
        return;
    fprintf(stderr, "no sandbox: cannot %s: %s\n", what, strerror(errno));
    exit(SKIPPED);
}

static void write_map(const char *path, unsigned id)
{
    g_autofree char *line = g_strdup_printf("0 %u 1\n", id);
    int fd = open(path, O_WRONLY);

    must(fd < 0 || write(fd, line, strlen(line)) < 0, "map ids");
    close(fd);
}

/* Who is not root becomes it in a namespace where that means little. */
static void become_root(void)
{
    unsigned uid = getuid(), gid = getgid();
    int fd;

    if (geteuid() == 0)
        return;
    must(unshare(CLONE_NEWUSER), "make a user namespace");
    fd = open("/proc/self/setgroups", O_WRONLY);
    must(fd < 0 || write(fd, "deny", 4) < 0, "give groups up");
    close(fd);
    write_map("/proc/self/uid_map", uid);
    write_map("/proc/self/gid_map", gid);
}

static void set_attributes(const char *path, unsigned flags, guint64 set, guint64 clear)
{
    struct mount_attr attributes = { .attr_set = set, .attr_clr = clear };

    must(mount_setattr(AT_FDCWD, path, flags, &attributes, sizeof attributes), path);
}

static void bind_to_itself(const char *path)
{
    must(mount(path, path, NULL, MS_BIND, NULL), path);
}

void sandbox_enter(void)
{
    static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/urandom" };
    g_autofree char *here = g_get_current_dir();

    become_root();
    must(unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC), "make namespaces");
    must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "keep mounts private");
    for (unsigned i = 0; i < G_N_ELEMENTS(devices); i++)
        bind_to_itself(devices[i]);
    bind_to_itself(here);
    must(chdir(here), "go back");
    must(mount("tmpfs", "/tmp", "tmpfs", 0, "size=512m"), "mount /tmp");
    set_attributes("/", AT_RECURSIVE, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, 0);
    set_attributes("/tmp", 0, 0, MOUNT_ATTR_RDONLY);
    set_attributes(".", 0, 0, MOUNT_ATTR_RDONLY);
    for (unsigned i = 0; i < G_N_ELEMENTS(devices); i++)
        set_attributes(devices[i], 0, 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
}
