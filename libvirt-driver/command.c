/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handler-util.h"

/* Which Debian package has a tool that is missing. */
static const struct {
    const char *tool, *package;
} packages[] = {
    { "ip", "iproute2" },
    { "tc", "iproute2" },
    { "bridge", "iproute2" },
    { "dnsmasq", "dnsmasq-base" },
    { "iptables", "iptables" },
    { "iptables-save", "iptables" },
    { "iptables-restore", "iptables" },
    { "ip6tables", "iptables" },
    { "ip6tables-save", "iptables" },
    { "ip6tables-restore", "iptables" },
    { "ebtables-save", "iptables" },
    { "ebtables-restore", "iptables" },
    { "firewall-cmd", "firewalld" },
    { "brctl", "bridge-utils" },
    { "ifenslave", "ifenslave" },
    { "mdevctl", "mdevctl" },
    { "qemu-img", "qemu-utils" },
    { "scrub", "scrub" },
    { "wipefs", "util-linux" },
    { "mkfs.ext2", "e2fsprogs" },
    { "mkfs.ext3", "e2fsprogs" },
    { "mkfs.ext4", "e2fsprogs" },
    { "mkfs.xfs", "xfsprogs" },
    { "mkfs.vfat", "dosfstools" },
    { "mkfs.ocfs2", "ocfs2-tools" },
    { "mkfs.gfs2", "gfs2-utils" },
    { "mkfs.hfs+", "hfsprogs" },
    { "mkfs.udf", "udftools" },
    { "mount.nfs", "nfs-common" },
    { "showmount", "nfs-common" },
    { "mount.cifs", "cifs-utils" },
    { "mount.glusterfs", "glusterfs-client" },
    { "gluster", "glusterfs-cli" },
    { "lvs", "lvm2" },
    { "vgs", "lvm2" },
    { "pvs", "lvm2" },
    { "parted", "parted" },
    { "iscsiadm", "open-iscsi" },
    { "iscsi-ls", "libiscsi-bin" },
    { "iscsi-readcapacity16", "libiscsi-bin" },
    { "rbd", "ceph-common" },
    { "zfs", "zfsutils-linux" },
    { "zpool", "zfsutils-linux" },
};

static gboolean fail_missing(const char *tool, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(packages); i++)
        if (strcmp(packages[i].tool, tool) == 0)
            return fail(error, VIR_ERR_INTERNAL_ERROR,
                        "there is no program '%s' (Debian package %s)", tool, packages[i].package);
    return fail(error, VIR_ERR_INTERNAL_ERROR, "there is no program '%s'", tool);
}

/* iptables and its like, and LVM's tools, end with where to get help; ip and tc -batch with the
 * number of the line that they were given. */
static gboolean says_nothing(const char *line)
{
    static const char *const beginnings[] = { "Try `", "Run `", "Command failed -:" };

    line += strspn(line, " \n");
    for (guint i = 0; i < G_N_ELEMENTS(beginnings); i++)
        if (g_str_has_prefix(line, beginnings[i]))
            return TRUE;
    return FALSE;
}

/* The last line that says what is wrong. */
static const char *last_line(char *text)
{
    char *line;

    g_strchomp(text);
    while ((line = strrchr(text, '\n')) != NULL && says_nothing(line))
        *line = '\0';
    return g_strchug(line != NULL ? line + 1 : text);
}

gboolean command_find(const char *tool, GError **error)
{
    g_autofree char *program = g_find_program_in_path(tool);

    return program != NULL || fail_missing(tool, error);
}

/* No pipe: a program that ends without having read all of it would break it, and the reason why it
 * ended be lost. -1: it cannot be made. */
static int input_fd(const char *input, GError **error)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    gsize len = strlen(input);

    if (fd >= 0 && write(fd, input, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    fail(error, VIR_ERR_SYSTEM_ERROR, "cannot make a program's input: %s", g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static GSubprocess *launch(const char *const *argv, const char *const *environment,
                           const char *input, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    int fd = input != NULL ? input_fd(input, error) : -1;

    if (input != NULL && fd < 0)
        return NULL;
    if (fd >= 0)
        g_subprocess_launcher_take_stdin_fd(launcher, fd);
    for (; environment != NULL && *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        g_autofree char *name = g_strndup(*environment, (gsize)(equals - *environment));

        g_subprocess_launcher_setenv(launcher, name, equals + 1, TRUE);
    }
    return g_subprocess_launcher_spawnv(launcher, argv, error);
}

gboolean command_run(const char *const *argv, const char *input, char **ret_output, GError **error)
{
    return command_run_with(argv, NULL, input, ret_output, error);
}

gboolean command_run_with(const char *const *argv, const char *const *environment,
                          const char *input, char **ret_output, GError **error)
{
    g_autofree char *program = g_find_program_in_path(argv[0]);
    g_autofree char *output = NULL;
    g_autofree char *errors = NULL;

    if (program == NULL)
        return fail_missing(argv[0], error);
    g_autoptr(GSubprocess) process = launch(argv, environment, input, error);
    if (process == NULL ||
        !g_subprocess_communicate_utf8(process, NULL, NULL, &output, &errors, error))
        return FALSE;
    if (!g_subprocess_get_successful(process)) {
        return fail(error, VIR_ERR_INTERNAL_ERROR, "'%s' failed: %s", argv[0],
                    last_line(*g_strstrip(errors) != '\0' ? errors : g_strstrip(output)));
    }
    if (ret_output != NULL)
        *ret_output = g_steal_pointer(&output);
    return TRUE;
}
