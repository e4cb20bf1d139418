/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon: what every handler finds in call->app. Set up by main() before the first client,
 * constant afterwards. */
#pragma once

#include <kxl.h>

#include "host-info.h"
#include "rpc/server.h"

G_BEGIN_DECLS

typedef struct DomainRegistry DomainRegistry;
typedef struct Consoles Consoles;
typedef struct PoolRegistry PoolRegistry;
typedef struct NetworkRegistry NetworkRegistry;
typedef struct SecretRegistry SecretRegistry;
typedef struct NwfilterRegistry NwfilterRegistry;
typedef struct NodeDevices NodeDevices;
typedef struct HostConfig HostConfig;
typedef struct CpuHostCache CpuHostCache;
typedef struct Auth Auth;

typedef struct Kanzend {
    KxlHost *host;
    HostInfoCache *host_info;
    CpuHostCache *cpus;
    RpcServer *server;
    Auth *auth;
    DomainRegistry *domains;
    Consoles *consoles;
    PoolRegistry *pools;
    NetworkRegistry *networks;
    SecretRegistry *secrets;
    NwfilterRegistry *nwfilters;
    NodeDevices *devices;
    HostConfig *host_config;
    gboolean session; /* a user's own daemon: xen:///session */
    gboolean probe_addresses; /* see kanzend.conf(5) */
    const char *uri;  /* "xen:///system" */
} Kanzend;

/*
 * Makes all of it but uri, session and probe_addresses, which the caller has set, for a server of
 * that configuration (whose app it becomes), and starts watching what runs. allow_arguments: domain
 * XML may carry arguments for QEMU. After an error, too, kanzend_close() frees what is there.
 */
gboolean kanzend_open(Kanzend *kanzend, RpcServerConfig *config, gboolean allow_arguments,
                      GError **error);
void kanzend_close(Kanzend *kanzend);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Kanzend, kanzend_close)

/* The RpcErrorMapper for the errors of libkxl, domain-xml and GIO. */
gboolean kanzend_map_error(const GError *error, RpcWireError *wire);

G_END_DECLS
