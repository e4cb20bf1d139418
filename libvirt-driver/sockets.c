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

#include "activation.h"
#include "sockets-inet.h"

#define LOCK_NAME "virtxend.pid"
#define BACKLOG   SOMAXCONN

#define LOCK_RETRY_MS 20u
#define LOCK_WAIT_MS  3000u

typedef enum { ROLE_RW, ROLE_RO, ROLE_ADMIN, ROLE_COUNT } Role;

/* libvirt-sock is what clients without a URI and ssh tunnels use, libvirt-admin-sock virt-admin
 * without one; they may belong to a libvirtd. Made in this order: who finds the last finds all. */
static const struct {
    const char *name;
    Role role;
    gboolean shared;
} names[] = {
    { "libvirt-sock", ROLE_RW, TRUE },          { "libvirt-sock-ro", ROLE_RO, TRUE },
    { "libvirt-admin-sock", ROLE_ADMIN, TRUE }, { "virtxend-admin-sock", ROLE_ADMIN, FALSE },
    { "virtxend-sock-ro", ROLE_RO, FALSE },     { "virtxend-sock", ROLE_RW, FALSE },
};

/* What a role makes of the configuration. */
typedef struct {
    gboolean wanted;
    mode_t mode;
    const char *group;
    RpcServer *server;
    RpcService service;
} Door;

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

static gboolean set_access(const char *path, const Door *door, GError **error)
{
    const struct group *entry = NULL;

    if (door->group != NULL) {
        entry = getgrnam(door->group);
        if (entry == NULL) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no group '%s'",
                        door->group);
            return FALSE;
        }
        if (chown(path, (uid_t)-1, entry->gr_gid) < 0)
            return fail_errno(error, "give to its group", path);
    }
    return chmod(path, door->mode) == 0 || fail_errno(error, "set the mode of", path);
}

static int listen_at(const char *path, const Door *door, GError **error)
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
    else if (set_access(path, door, error))
        return fd;
    close(fd);
    return -1;
}

/* ---- who comes in where ---- */

/* Where polkit decides, everybody may ask it. */
static mode_t usual_mode(const Settings *settings)
{
    if (settings->auth == RPC_AUTH_POLKIT)
        return 0777;
    return settings->group != NULL ? 0770 : 0700;
}

static void make_doors(const SocketsPlan *plan, Door doors[ROLE_COUNT])
{
    const Settings *settings = plan->settings;

    doors[ROLE_RW] = (Door){
        .wanted = TRUE,
        .mode = settings->mode != 0 ? settings->mode : usual_mode(settings),
        .group = settings->group,
        .server = plan->server,
        .service = { .auth = settings->auth },
    };
    doors[ROLE_RO] = (Door){
        .wanted = !plan->session,
        .mode = settings->ro_mode != 0 ? settings->ro_mode : 0777,
        .server = plan->server,
        .service = { .auth = settings->ro_auth, .readonly = TRUE },
    };
    doors[ROLE_ADMIN] = (Door){
        .wanted = settings->admin,
        .mode = settings->admin_mode != 0 ? settings->admin_mode : 0700,
        .server = plan->admin,
    };
}

/* ---- sockets of the service manager ---- */

static RpcService tcp_service(const Settings *settings)
{
    return (RpcService){ .transport = RPC_TRANSPORT_TCP, .auth = settings->tcp_auth };
}

/* Unix sockets are known by the names they have, others by FileDescriptorName. */
static gboolean take_passed(const SocketsPlan *plan, const Door *doors, PassedSocket *passed)
{
    RpcService tcp = tcp_service(plan->settings);
    g_autofree char *base = passed->path != NULL ? g_path_get_basename(passed->path) : NULL;

    if (base == NULL && strstr(passed->name, "tls") != NULL) {
        rpc_server_listen(plan->server, passed->fd, &plan->tls);
    } else if (base == NULL && strstr(passed->name, "tcp") != NULL) {
        rpc_server_listen(plan->server, passed->fd, &tcp);
    } else {
        guint i = 0;

        while (i < G_N_ELEMENTS(names) && g_strcmp0(base, names[i].name) != 0)
            i++;
        if (i == G_N_ELEMENTS(names))
            return FALSE;
        rpc_server_listen(doors[names[i].role].server, passed->fd, &doors[names[i].role].service);
    }
    passed->fd = -1;
    return TRUE;
}

static gboolean was_passed(const SocketsPlan *plan, const char *name)
{
    for (guint i = 0; i < plan->passed->len; i++) {
        const PassedSocket *passed = plan->passed->pdata[i];
        g_autofree char *base = passed->path != NULL ? g_path_get_basename(passed->path) : NULL;

        if (g_strcmp0(base, name) == 0)
            return TRUE;
    }
    return FALSE;
}

static void take_all_passed(const SocketsPlan *plan, const Door *doors)
{
    for (guint i = 0; i < plan->passed->len; i++) {
        PassedSocket *passed = plan->passed->pdata[i];

        if (!take_passed(plan, doors, passed))
            g_warning("kanzend: the service manager's socket '%s' ('%s') is none of ours, "
                      "ignoring it",
                      passed->path != NULL ? passed->path : "no path", passed->name);
    }
}

/* ---- our own ---- */

/* A service manager that passes some has been told which there are to be; others' names are taken
 * when nobody else does. */
static gboolean is_ours_to_make(const SocketsPlan *plan, guint i)
{
    if (was_passed(plan, names[i].name))
        return FALSE;
    return names[i].shared ? plan->settings->libvirt_sock : plan->passed->len == 0;
}

static gboolean listen_unix(Sockets *sockets, guint i, const Door *door, GError **error)
{
    g_autofree char *path = g_build_filename(sockets->run_dir, names[i].name, NULL);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd;

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    if (is_alive(&address)) {
        if (names[i].shared) {
            g_message("kanzend: '%s' is another daemon's, leaving it alone", path);
            return TRUE;
        }
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                    "another daemon, libvirt's virtxend perhaps, serves '%s'", path);
        return FALSE;
    }
    fd = listen_at(path, door, error);
    if (fd < 0)
        return FALSE;
    rpc_server_listen(door->server, fd, &door->service);
    g_ptr_array_add(sockets->paths, g_steal_pointer(&path));
    return TRUE;
}

static gboolean was_inet_passed(const SocketsPlan *plan, const char *kind)
{
    for (guint i = 0; i < plan->passed->len; i++) {
        const PassedSocket *passed = plan->passed->pdata[i];

        if (passed->path == NULL && strstr(passed->name, kind) != NULL)
            return TRUE;
    }
    return FALSE;
}

static gboolean listen_inet(const SocketsPlan *plan, GError **error)
{
    const Settings *settings = plan->settings;
    RpcService tcp = tcp_service(settings);

    if (settings->tcp && !was_inet_passed(plan, "tcp") &&
        !sockets_listen_inet(plan->server, &tcp, settings->tcp_addresses, settings->tcp_port,
                             error))
        return FALSE;
    return !settings->tls || was_inet_passed(plan, "tls") ||
           sockets_listen_inet(plan->server, &plan->tls, settings->tls_addresses,
                               settings->tls_port, error);
}

gboolean sockets_listen(Sockets *sockets, const SocketsPlan *plan, GError **error)
{
    Door doors[ROLE_COUNT];

    make_doors(plan, doors);
    if (!listen_inet(plan, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const Door *door = &doors[names[i].role];

        if (door->wanted && is_ours_to_make(plan, i) && !listen_unix(sockets, i, door, error))
            return FALSE;
    }
    take_all_passed(plan, doors);
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
