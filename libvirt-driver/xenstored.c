/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells the joined store's server which domains there are. */
#include "xenstored.h"

#include "xenstore/server.h"

struct XenstoredServer {
    KxlHost *host;
    KxlWatch *watch;
    XsServer *server;
};

static void set_domain(XenstoredServer *self, const KxlDomainInfo *info)
{
    g_autofree char *socket_path = NULL;
    XsDomainInfo domain = {
        .domid = info->domid,
        .name = info->name,
        .uuid = info->uuid,
        .memory_kb = info->memory_kb,
        .max_memory_kb = info->max_memory_kb,
        .paused = info->paused,
    };

    if (info->domid != 0 && info->type == KXL_TYPE_PV)
        domain.socket_path = socket_path = kxl_domain_xenstore_socket(self->host, info->domid);
    xs_server_set_domain(self->server, &domain);
}

static void domain_event(KxlEventKind kind, const KxlDomainInfo *info, gpointer user_data)
{
    XenstoredServer *self = user_data;

    if (kind == KXL_EVENT_GONE)
        xs_server_remove_domain(self->server, info->domid);
    else
        set_domain(self, info);
}

XenstoredServer *xenstored_server_new(KxlHost *host, const char *path, GError **error)
{
    g_autoptr(XenstoredServer) self = g_new0(XenstoredServer, 1);
    g_autoptr(KxlDomainInfo) dom0 = NULL;

    self->host = host;
    self->server = xs_server_new(g_main_context_get_thread_default(), path, error);
    if (self->server == NULL)
        return NULL;
    dom0 = kxl_domain_get_info(host, 0, error);
    if (dom0 == NULL)
        return NULL;
    set_domain(self, dom0);
    self->watch = kxl_watch_new(host, domain_event, self, error);
    if (self->watch == NULL)
        return NULL;
    return g_steal_pointer(&self);
}

void xenstored_server_free(XenstoredServer *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->watch, kxl_watch_free);
    xs_server_free(self->server);
    g_free(self);
}
