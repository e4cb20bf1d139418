/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dnsmasq that dies is started again, and said. It is no child of ours, so it is watched through
 * a descriptor of its process (pidfd_open(2)), which becomes readable when it ends. */
#include <errno.h>
#include <glib-unix.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "network-internal.h"

#define RESTART_PAUSE_S 10 /* between two restarts of one that keeps dying */

typedef struct {
    NetworkRegistry *registry;
    char *uuid;
    int fd;
} Watch;

static void watch_free(gpointer data)
{
    Watch *watch = data;

    if (watch->fd >= 0)
        close(watch->fd);
    g_free(watch->uuid);
    g_free(watch);
}

static void restart(NetworkRegistry *registry, Network *network)
{
    g_autoptr(GError) error = NULL;
    pid_t pid;

    network->restarted_us = g_get_monotonic_time();
    if (dnsmasq_start(&registry->dirs, network->def, &pid, &error))
        g_warning("network: dnsmasq of '%s' had ended and was started again", network->def->name);
    else
        g_critical("network: dnsmasq of '%s' has ended and cannot be started again: %s",
                   network->def->name, error->message);
    watch_begin(registry, network);
}

/* In a worker: starting it takes a while. */
static void restart_task(gpointer data)
{
    Watch *watch = data;
    NetworkRegistry *registry = watch->registry;

    g_mutex_lock(&registry->change);
    Network *network = g_hash_table_lookup(registry->networks, watch->uuid);
    if (network != NULL && network->active && dnsmasq_find(&registry->dirs, network->def) == 0)
        restart(registry, network);
    g_mutex_unlock(&registry->change);
    watch_free(watch);
}

static Watch *watch_new(NetworkRegistry *registry, const char *uuid, int fd)
{
    Watch *watch = g_new(Watch, 1);

    *watch = (Watch){ registry, g_strdup(uuid), fd };
    return watch;
}

static gboolean run_restart(gpointer data)
{
    const Watch *watch = data;

    rpc_server_run(watch->registry->server, restart_task,
                   watch_new(watch->registry, watch->uuid, -1));
    return G_SOURCE_REMOVE;
}

static gboolean ended(gint fd, GIOCondition condition, gpointer data)
{
    return run_restart(data);
}

static void attach(Network *network, GSource *source, GSourceFunc func, Watch *watch)
{
    g_source_set_callback(source, func, watch, watch_free);
    g_source_attach(source, NULL);
    network->watch = source;
}

void watch_begin(NetworkRegistry *registry, Network *network)
{
    pid_t pid = dnsmasq_find(&registry->dirs, network->def);
    gint64 since_us = g_get_monotonic_time() - network->restarted_us;
    gboolean keeps_dying =
        network->restarted_us != 0 && since_us < RESTART_PAUSE_S * G_USEC_PER_SEC;
    int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

    watch_end(network);
    if (fd >= 0) {
        GSource *source = g_unix_fd_source_new(fd, G_IO_IN);
        attach(network, source, G_SOURCE_FUNC(ended), watch_new(registry, network->def->uuid, fd));
    } else if (keeps_dying) {
        GSource *source = g_timeout_source_new_seconds(RESTART_PAUSE_S);
        attach(network, source, run_restart, watch_new(registry, network->def->uuid, -1));
    } else if (pid > 0) {
        g_warning("network: cannot watch dnsmasq of '%s': %s", network->def->name,
                  g_strerror(errno));
    }
}

void watch_end(Network *network)
{
    if (network->watch == NULL)
        return;
    g_source_destroy(network->watch);
    g_clear_pointer(&network->watch, g_source_unref);
}
