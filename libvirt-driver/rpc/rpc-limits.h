/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What clients may take of the daemon. All of it may change while it serves. A field that is 0 is
 * given its default, which is libvirtd's where libvirtd has such a limit.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    guint max_clients;           /* connections: 5000 */
    guint max_anonymous_clients; /* of them, those that have not authenticated: 20 */
    guint max_calls_per_client;  /* in handlers at a time; more wait: 5 */
    guint max_queue_mib;         /* of one client that does not read: 64 */
    guint max_memory_mib; /* all clients' packets together, both ways: 512. A small client (under 1
                             MiB) is not asked to go because of it */
    guint auth_timeout_s; /* to authenticate in: 60 */
    guint keepalive_interval_s; /* between pings: 5 */
    guint keepalive_count;      /* unanswered ones: 5 */
    guint workers; /* threads for calls: 64, so that a few that hang do not stop the rest */
    guint priority_workers; /* for those that never take long: 16 */
} RpcLimits;

/* Every field 0 becomes its default. */
void rpc_limits_fill(RpcLimits *limits);

G_END_DECLS
