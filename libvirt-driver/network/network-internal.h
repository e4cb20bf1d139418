/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What network.c, watch.c and ports.c share. */
#pragma once

#include "dnsmasq.h"
#include "network.h"
#include "store.h"

G_BEGIN_DECLS

typedef struct {
    NetworkDef *def;
    NetworkDef *next; /* defined while active; NULL: def */
    gboolean active, persistent, autostart;
    GHashTable *ports;   /* of NetworkPort by UUID */
    GSource *watch;      /* on its dnsmasq, or NULL */
    gint64 restarted_us; /* when its dnsmasq was last restarted, monotonic */
} Network;

/*
 * A change holds `change` from its first look to its event, and so may read the table without
 * `lock`, which it takes to write; lookups take `lock` alone and wait for nothing.
 */
struct NetworkRegistry {
    RpcServer *server;
    char *run_dir;
    DnsmasqDirs dirs;
    Store *store, *run_store, *starting_store;
    GMutex change; /* before lock */
    GMutex lock;
    GHashTable *networks; /* of Network by UUID, both owned */
};

/* Under change. */
Network *registry_find(NetworkRegistry *registry, const char *uuid, GError **error);
gboolean registry_check_active(const Network *network, GError **error);

/* watch.c: restarts the network's dnsmasq when it ends; under change. */
void watch_begin(NetworkRegistry *registry, Network *network);
void watch_end(Network *network);

/* ports.c: those that were there when the last daemon ended; under change. */
void ports_load(NetworkRegistry *registry, Network *network);
/* The network ends. */
void ports_clear(NetworkRegistry *registry, Network *network);

G_END_DECLS
