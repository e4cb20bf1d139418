/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the joined store's server, its clients' sessions and the domain list share. One thread's,
 * like all here. */
#pragma once

#include "host-store.h"
#include "link.h"
#include "message.h"

G_BEGIN_DECLS

typedef struct XsServer XsServer;
typedef struct XsSession XsSession;

/* A client's watch. The host store has it under the client's token, domains' stores under its
 * number. */
typedef struct {
    guint id;
    XsSession *session;
    char *path, *token;
    GHashTable *expecting; /* set of XsLink whose first event only says that the watch was set */
} XsWatch;

XsServer *xs_server_new(GMainContext *context, const char *path, GError **error);
void xs_server_free(XsServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XsServer, xs_server_free)

/* A domain as the host knows it. socket_path: its store's, or NULL when it has none (HVM,
 * Domain-0). Repeated when something changed. */
typedef struct {
    int domid;
    const char *name, *uuid, *socket_path;
    guint64 memory_kb, max_memory_kb;
    gboolean paused;
} XsDomainInfo;
void xs_server_set_domain(XsServer *server, const XsDomainInfo *info);
void xs_server_remove_domain(XsServer *server, int domid);

/* For sessions. */
GMainContext *xs_server_context(XsServer *server);
HostStore *xs_server_store(XsServer *server);
gboolean xs_server_has_domain(XsServer *server, int domid);
/* The store responsible for path. NULL: the host store. */
XsLink *xs_server_find_link(XsServer *server, const char *path);
XsLink *xs_server_find_link_by_domid(XsServer *server, int domid);
/* All, borrowed, by domid; free with g_ptr_array_unref(). */
GPtrArray *xs_server_links(XsServer *server);
void xs_server_add_watch(XsServer *server, XsWatch *watch); /* gives it its id */
void xs_server_remove_watch(XsServer *server, XsWatch *watch);
/* Events for watch's path can come from link's store. */
gboolean xs_watch_concerns(const XsWatch *watch, XsServer *server, XsLink *link);
/* WATCH or UNWATCH of it, as domains' stores are told. */
XsMessage *xs_watch_request(const XsWatch *watch, guint32 type);
void xs_server_session_closed(XsServer *server, XsSession *session);

/* session.c */
XsSession *xs_session_new(XsServer *server, int fd);
void xs_session_free(XsSession *session);
void xs_session_send_event(XsSession *session, const char *path, const char *token);

G_END_DECLS
