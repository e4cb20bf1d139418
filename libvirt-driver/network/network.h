/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtual networks: definitions, what is active, their ports. */
#pragma once

#include "network-def.h"
#include "port-def.h"
#include "rpc/server.h"

G_BEGIN_DECLS

typedef struct NetworkRegistry NetworkRegistry;

/* What a network was at one moment. */
typedef struct {
    NetworkDef *def;  /* as it is used now */
    NetworkDef *next; /* from its next start on; NULL: the same */
    gboolean active, persistent, autostart;
} NetworkView;
void network_view_clear(NetworkView *view);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NetworkView, network_view_clear)

/*
 * Loads the definitions below lib_dir, takes up the networks that are active according to run_dir,
 * and once per boot starts those marked for it.
 */
NetworkRegistry *network_registry_new(const char *lib_dir, const char *run_dir,
                                      gboolean probe_addresses, RpcServer *server, GError **error);
void network_registry_free(NetworkRegistry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetworkRegistry, network_registry_free)

/* FALSE with VIR_ERR_NO_NETWORK: not there. */
gboolean network_find_uuid(NetworkRegistry *registry, const char *uuid, NetworkView *ret_view,
                           GError **error);
gboolean network_find_name(NetworkRegistry *registry, const char *name, NetworkView *ret_view,
                           GError **error);
/* Of NetworkView, by name; freed with the array. */
GPtrArray *network_list(NetworkRegistry *registry);

/* Both complete def, which stays the caller's. */
gboolean network_define(NetworkRegistry *registry, NetworkDef *def, GError **error);
gboolean network_create(NetworkRegistry *registry, NetworkDef *def, GError **error);
gboolean network_start(NetworkRegistry *registry, const char *uuid, GError **error);
gboolean network_stop(NetworkRegistry *registry, const char *uuid, GError **error);
gboolean network_undefine(NetworkRegistry *registry, const char *uuid, GError **error);
gboolean network_set_autostart(NetworkRegistry *registry, const char *uuid, gboolean autostart,
                               GError **error);

typedef struct {
    guint command, section;
    int parent_index;
    const char *xml;
    gboolean live, config; /* neither: what is current */
} NetworkChange;
gboolean network_update(NetworkRegistry *registry, const char *uuid, const NetworkChange *change,
                        GError **error);

/* Of Lease (leases.h). */
GPtrArray *network_leases(NetworkRegistry *registry, const NetworkDef *def);

/* ---- ports (ports.c); a network's go with it ---- */

/* Completes port and plugs it into the active network. */
gboolean network_port_add(NetworkRegistry *registry, const char *network_uuid, NetworkPort *port,
                          GError **error);
gboolean network_port_remove(NetworkRegistry *registry, const char *network_uuid,
                             const char *port_uuid, GError **error);
/* A copy; NULL with VIR_ERR_NO_NETWORK_PORT. */
NetworkPort *network_port_find(NetworkRegistry *registry, const char *network_uuid,
                               const char *port_uuid, GError **error);
/* Copies. */
GPtrArray *network_port_list(NetworkRegistry *registry, const char *network_uuid, GError **error);
/* In place of the one of its UUID. */
gboolean network_port_replace(NetworkRegistry *registry, const char *network_uuid,
                              const NetworkPort *port, GError **error);
/* Removes those ports, ends with NULL, of whatever network; what is not there is no error. */
void network_ports_release(NetworkRegistry *registry, const char *const *port_uuids);

G_END_DECLS
