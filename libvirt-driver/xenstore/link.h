/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection to one PV domain's store (KZ_PORT_STORE_DAEMON of its machine), shared by all
 * clients. A domain that is paused cannot answer, nor can one whose hv is not up yet: requests then
 * end without a reply, at once when that is known, otherwise after XS_LINK_TIMEOUT_MS. The link
 * connects, and reconnects, by itself.
 */
#pragma once

#include "message.h"

G_BEGIN_DECLS

#define XS_LINK_TIMEOUT_MS 3000

typedef struct XsLink XsLink;

typedef struct {
    void (*event)(XsLink *link, const char *path, const char *token, gpointer user_data);
    void (*up)(XsLink *link, gpointer user_data);   /* a fresh connection, without watches */
    void (*down)(XsLink *link, gpointer user_data); /* its watches and transactions are gone */
} XsLinkFuncs;

XsLink *xs_link_new(GMainContext *context, int domid, const char *uuid, const char *socket_path,
                    const XsLinkFuncs *funcs, gpointer user_data);
XsLink *xs_link_ref(XsLink *link);
void xs_link_unref(XsLink *link);
/* Ends all requests without reply; no callback comes after this. */
void xs_link_close(XsLink *link);

int xs_link_domid(const XsLink *link);
const char *xs_link_uuid(const XsLink *link);
/* Counts connections: a transaction belongs to one. */
guint xs_link_epoch(const XsLink *link);
void xs_link_set_paused(XsLink *link, gboolean paused);

/* reply NULL: there is none. May be called before xs_link_request() returns. */
typedef void (*XsLinkReply)(const XsMessage *reply, gpointer user_data);
void xs_link_request(XsLink *link, guint32 type, guint32 tx_id, const void *payload, gsize len,
                     XsLinkReply func, gpointer user_data);
/* A request whose reply nobody waits for; a domain that does not run now serves it when it does. */
void xs_link_post(XsLink *link, guint32 type, guint32 tx_id, const void *payload, gsize len);
/* Requests have a prospect of a reply. */
gboolean xs_link_answers(const XsLink *link);

G_END_DECLS
