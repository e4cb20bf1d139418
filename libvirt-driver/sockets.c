/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <grp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LOCK_NAME "virtxend.pid"
#define BACKLOG   SOMAXCONN

#define LOCK_RETRY_MS 20u
#define LOCK_WAIT_MS  3000u

/* libvirt-sock is what clients without a URI and ssh tunnels use; it may belong to a libvirtd. */
static const struct {
    const char *name;
    gboolean shared;
    gboolean readonly;
} names[] = {
    { "virtxend-sock", FALSE, FALSE },
    { "virtxend-sock-ro", FALSE, TRUE },
    { "libvirt-sock", TRUE, FALSE },
    { "libvirt-sock-ro", TRUE, TRUE },
};

struct Sockets {
    char *run_dir;
    int lock_fd;
    GPtrArray *paths; /* bound by us */
};

static gboolean fail_errno(GError **error, const char *what, const char *path)
{
    int saved = errno;

    g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(saved), "cannot %s '%s': %s", what,
                path, g_strerror(saved));
    return FALSE;
}

static gboolean take_lock(Sockets *sockets, GError **error)
{
    g_autofree char *path = g_build_filename(sockets->run_dir, LOCK_NAME, NULL);
    g_autofree char *pid = g_strdup_printf("%d\n", (int)getpid());

    sockets->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (sockets->lock_fd < 0)
        return fail_errno(error, "open", path);
    /* One that was just killed takes a moment to end. */
    for (guint waited_ms = 0; flock(sockets->lock_fd, LOCK_EX | LOCK_NB) < 0;
         waited_ms += LOCK_RETRY_MS) {
        if (errno != EWOULDBLOCK)
            return fail_errno(error, "lock", path);
        if (waited_ms >= LOCK_WAIT_MS) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                        "another kanzend serves '%s' (it holds '%s')", sockets->run_dir, path);
            return FALSE;
        }
        g_usleep(LOCK_RETRY_MS * 1000);
    }
    if (ftruncate(sockets->lock_fd, 0) < 0 || write(sockets->lock_fd, pid, strlen(pid)) < 0)
        return fail_errno(error, "write", path);
    return TRUE;
}

Sockets *sockets_new(const char *run_dir, GError **error)
{
    g_autoptr(Sockets) sockets = g_new0(Sockets, 1);

    sockets->run_dir = g_strdup(run_dir);
    sockets->lock_fd = -1;
    sockets->paths = g_ptr_array_new_with_free_func(g_free);
    if (g_mkdir_with_parents(run_dir, 0755) < 0) {
        fail_errno(error, "make", run_dir);
        return NULL;
    }
    if (!take_lock(sockets, error))
        return NULL;
    return g_steal_pointer(&sockets);
}

/* Whether a process listens there. */
static gboolean is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    gboolean alive;

    if (fd < 0)
        return TRUE;
    alive = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
            (errno != ECONNREFUSED && errno != ENOENT);
    close(fd);
    return alive;
}

static gboolean set_access(const char *path, gboolean readonly, const char *group, GError **error)
{
    struct group *entry = NULL;
    mode_t mode = readonly ? 0777 : 0700;

    if (group != NULL && !readonly) {
        entry = getgrnam(group);
        if (entry == NULL) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no group '%s'", group);
            return FALSE;
        }
        if (chown(path, (uid_t)-1, entry->gr_gid) < 0)
            return fail_errno(error, "give to its group", path);
        mode = 0770;
    }
    return chmod(path, mode) == 0 || fail_errno(error, "set the mode of", path);
}

static int listen_at(const char *path, gboolean readonly, const char *group, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    mode_t mask;
    int fd, bound;

    if (strlen(path) >= sizeof address.sun_path) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
                    "'%s' is too long for a socket's path", path);
        return -1;
    }
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        fail_errno(error, "make a socket for", path);
        return -1;
    }
    unlink(path);
    mask = umask(0177); /* nobody else gets in before set_access() */
    bound = bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (bound < 0)
        fail_errno(error, "bind", path);
    else if (listen(fd, BACKLOG) < 0)
        fail_errno(error, "listen on", path);
    else if (set_access(path, readonly, group, error))
        return fd;
    close(fd);
    return -1;
}

gboolean sockets_listen(Sockets *sockets, RpcServer *server, const char *group, gboolean session,
                        GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(sockets->run_dir, names[i].name, NULL);
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd;

        if (names[i].readonly && session)
            continue;
        g_strlcpy(address.sun_path, path, sizeof address.sun_path);
        if (names[i].shared && is_alive(&address)) {
            g_message("kanzend: '%s' is another daemon's, leaving it alone", path);
            continue;
        }
        fd = listen_at(path, names[i].readonly, group, error);
        if (fd < 0)
            return FALSE;
        rpc_server_listen(server, fd, names[i].readonly);
        g_ptr_array_add(sockets->paths, g_steal_pointer(&path));
    }
    return TRUE;
}

void sockets_free(Sockets *sockets)
{
    if (sockets == NULL)
        return;
    for (guint i = 0; i < sockets->paths->len; i++)
        unlink(sockets->paths->pdata[i]);
    g_ptr_array_unref(sockets->paths);
    /* The lock file stays: removing it could let two daemons hold two of them. */
    if (sockets->lock_fd >= 0)
        close(sockets->lock_fd);
    g_free(sockets->run_dir);
    g_free(sockets);
}
