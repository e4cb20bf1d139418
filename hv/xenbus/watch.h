/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watches of connections and of hv itself. A connection that does not read its events is owed no
 * more than XS_QUOTA_EVENT_BYTES of them: beyond, and without memory, a watch is marked lost and
 * fires once with its own path when there is room again, so that it is always told that something
 * changed.
 */
#pragma once

#include "types.h"

struct xenstore;
struct xs_changes;
struct xs_conn;
enum xs_special;

struct xs_watch {
    struct xs_watch *next;
    const char *token; /* after path */
    uint32_t skip;     /* bytes of an absolute path that a relative watch's events leave out */
    bool lost;
    char path[];
};

/* path: valid and absolute, or special. skip as above. 0, -XEN_EEXIST, -XEN_E2BIG (quota),
 * -XEN_ENOMEM. The first event is not queued: see xs_watch_fire_first(). */
int xs_conn_watch(struct xs_conn *conn, const char *path, const char *token, uint32_t skip);
int xs_conn_unwatch(struct xs_conn *conn, const char *path, const char *token);
void xs_conn_unwatch_all(struct xs_conn *conn);
/* The event that the newest watch gets for having been registered. */
void xs_watch_fire_first(struct xs_conn *conn);

/* Tells every watch that may know, and empties changes. */
void xs_fire(struct xenstore *xs, struct xs_changes *changes);
void xs_fire_special(struct xenstore *xs, enum xs_special special);

/* Queues events for watches marked lost, as far as there is room. */
void xs_conn_recover_lost(struct xs_conn *conn);
void xs_hv_watches_free(struct xenstore *xs);
