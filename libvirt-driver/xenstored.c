/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread of the joined store's server, which tells it what domains there are. */
#include "xenstored.h"

#include "xenstore/server.h"

struct XenstoredServer {
    KxlHost *host;
    char *path;
    GThread *thread;
    GMainContext *context;
    GMainLoop *loop;

    /* The thread's. */
    KxlWatch *watch;
    XsServer *server;

    /* How it started. */
    GMutex lock;
    GCond cond;
    gboolean started;
    GError *error;
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

static gboolean start(XenstoredServer *self, GError **error)
{
    g_autoptr(KxlDomainInfo) dom0 = kxl_domain_get_info(self->host, 0, error);

    if (dom0 == NULL)
        return FALSE;
    self->server = xs_server_new(self->context, self->path, error);
    if (self->server == NULL)
        return FALSE;
    set_domain(self, dom0);
    self->watch = kxl_watch_new(self->host, domain_event, self, error);
    return self->watch != NULL;
}

static gpointer run(gpointer user_data)
{
    XenstoredServer *self = user_data;
    GError *error = NULL;
    gboolean ok;

    g_main_context_push_thread_default(self->context);
    ok = start(self, &error);
    g_mutex_lock(&self->lock);
    self->started = TRUE;
    self->error = error;
    g_cond_signal(&self->cond);
    g_mutex_unlock(&self->lock);
    if (ok)
        g_main_loop_run(self->loop);
    g_clear_pointer(&self->watch, kxl_watch_free);
    g_clear_pointer(&self->server, xs_server_free);
    g_main_context_pop_thread_default(self->context);
    return NULL;
}

XenstoredServer *xenstored_server_new(KxlHost *host, const char *path, GError **error)
{
    g_autoptr(XenstoredServer) self = g_new0(XenstoredServer, 1);

    self->host = host;
    self->path = g_strdup(path);
    self->context = g_main_context_new();
    self->loop = g_main_loop_new(self->context, FALSE);
    g_mutex_init(&self->lock);
    g_cond_init(&self->cond);
    self->thread = g_thread_new("xenstored", run, self);
    g_mutex_lock(&self->lock);
    while (!self->started)
        g_cond_wait(&self->cond, &self->lock);
    g_mutex_unlock(&self->lock);
    if (self->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&self->error));
        return NULL;
    }
    return g_steal_pointer(&self);
}

static gboolean quit(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

void xenstored_server_free(XenstoredServer *self)
{
    if (self == NULL)
        return;
    /* From the loop itself: g_main_loop_quit() before g_main_loop_run() would be lost. */
    g_main_context_invoke(self->context, quit, self->loop);
    g_thread_join(self->thread);
    g_main_loop_unref(self->loop);
    g_main_context_unref(self->context);
    g_mutex_clear(&self->lock);
    g_cond_clear(&self->cond);
    g_free(self->path);
    g_free(self);
}
