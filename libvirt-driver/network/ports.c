/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ports of networks: in the table, and one file each below RUN/libvirt-network-ports/NETWORK,
 * so that the next daemon knows them.
 */
#include <string.h>

#include "handler-util.h"
#include "network-internal.h"
#include "port-plug.h"
#include "traffic.h"

#define PORTS_DIR "libvirt-network-ports"

static Store *open_store(NetworkRegistry *registry, const char *network_uuid, GError **error)
{
    g_autofree char *dir =
        g_build_filename(registry->run_dir, PORTS_DIR, network_uuid, NULL);

    return store_new(dir, error);
}

static gboolean save_port(NetworkRegistry *registry, const char *network_uuid,
                          const NetworkPort *port, GError **error)
{
    g_autoptr(Store) store = open_store(registry, network_uuid, error);
    g_autofree char *xml = network_port_format(port);

    return store != NULL && store_save(store, port->uuid, xml, error);
}

static void forget_port(NetworkRegistry *registry, const char *network_uuid, const char *port_uuid)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Store) store = open_store(registry, network_uuid, &error);

    if (store == NULL || !store_remove(store, port_uuid, &error))
        g_warning("network: cannot forget the port %s: %s", port_uuid, error->message);
}

static void insert(NetworkRegistry *registry, Network *network, const NetworkPort *port)
{
    g_mutex_lock(&registry->lock);
    g_hash_table_replace(network->ports, g_strdup(port->uuid), network_port_dup(port));
    g_mutex_unlock(&registry->lock);
}

/* ---- with the network ---- */

typedef struct {
    NetworkRegistry *registry;
    Network *network;
} Load;

static gboolean load_port(const char *uuid, const char *xml, gboolean autostart, gpointer user_data,
                          GError **error)
{
    const Load *load = user_data;
    g_autoptr(NetworkPort) port = network_port_parse(xml, DOMAIN_XML_PARSE_NONE, error);

    if (port == NULL)
        return FALSE;
    insert(load->registry, load->network, port);
    return TRUE;
}

void ports_load(NetworkRegistry *registry, Network *network)
{
    Load load = { registry, network };
    g_autoptr(GError) error = NULL;
    g_autoptr(Store) store = open_store(registry, network->def->uuid, &error);

    if (store == NULL || !store_load(store, load_port, &load, &error))
        g_warning("network: cannot load the ports of '%s': %s", network->def->name, error->message);
}

void ports_clear(NetworkRegistry *registry, Network *network)
{
    g_autoptr(GList) uuids = g_hash_table_get_keys(network->ports);

    for (const GList *l = uuids; l != NULL; l = l->next)
        forget_port(registry, network->def->uuid, l->data);
    g_mutex_lock(&registry->lock);
    g_hash_table_remove_all(network->ports);
    g_mutex_unlock(&registry->lock);
}

/* ---- one by one ---- */

static gboolean complete(NetworkPort *port, GError **error)
{
    guint8 uuid[XDR_UUID_LEN];

    if (port->uuid == NULL)
        port->uuid = g_uuid_string_random();
    else if (!uuid_from_text(port->uuid, uuid))
        return fail(error, VIR_ERR_XML_ERROR, "malformed uuid '%s' of a network port", port->uuid);
    return TRUE;
}

gboolean network_port_add(NetworkRegistry *registry, const char *network_uuid, NetworkPort *port,
                          GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Network *network = registry_find(registry, network_uuid, error);

    if (network == NULL || !registry_check_active(network, error) || !complete(port, error))
        return FALSE;
    if (g_hash_table_contains(network->ports, port->uuid))
        return fail(error, VIR_ERR_NETWORK_PORT_EXIST, "network port with UUID %s already exists",
                    port->uuid);
    if (!network_port_plug(port, network->def, network->ports, error) ||
        !save_port(registry, network_uuid, port, error))
        return FALSE;
    insert(registry, network, port);
    return TRUE;
}

static const NetworkPort *find_port(NetworkRegistry *registry, const char *network_uuid,
                                    const char *port_uuid, Network **ret_network, GError **error)
{
    *ret_network = registry_find(registry, network_uuid, error);
    if (*ret_network == NULL)
        return NULL;
    const NetworkPort *port = g_hash_table_lookup((*ret_network)->ports, port_uuid);
    if (port == NULL)
        fail(error, VIR_ERR_NO_NETWORK_PORT, "Network port with UUID %s does not exist", port_uuid);
    return port;
}

static void remove_port(NetworkRegistry *registry, Network *network, const char *port_uuid)
{
    forget_port(registry, network->def->uuid, port_uuid);
    g_mutex_lock(&registry->lock);
    g_hash_table_remove(network->ports, port_uuid);
    g_mutex_unlock(&registry->lock);
}

gboolean network_port_remove(NetworkRegistry *registry, const char *network_uuid,
                             const char *port_uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Network *network;

    if (find_port(registry, network_uuid, port_uuid, &network, error) == NULL)
        return FALSE;
    remove_port(registry, network, port_uuid);
    return TRUE;
}

gboolean network_port_replace(NetworkRegistry *registry, const char *network_uuid,
                              const NetworkPort *port, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Network *network;

    if (find_port(registry, network_uuid, port->uuid, &network, error) == NULL ||
        !save_port(registry, network_uuid, port, error))
        return FALSE;
    insert(registry, network, port);
    return TRUE;
}

NetworkPort *network_port_find(NetworkRegistry *registry, const char *network_uuid,
                               const char *port_uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
    Network *network;
    const NetworkPort *port = find_port(registry, network_uuid, port_uuid, &network, error);

    return port != NULL ? network_port_dup(port) : NULL;
}

static void free_port(gpointer port)
{
    network_port_free(port);
}

GPtrArray *network_port_list(NetworkRegistry *registry, const char *network_uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
    const Network *network = registry_find(registry, network_uuid, error);
    GHashTableIter iter;
    gpointer port;

    if (network == NULL)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(free_port);
    g_hash_table_iter_init(&iter, network->ports);
    while (g_hash_table_iter_next(&iter, NULL, &port))
        g_ptr_array_add(list, network_port_dup(port));
    return list;
}

void network_ports_release(NetworkRegistry *registry, const char *const *port_uuids)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    GHashTableIter iter;
    gpointer network;

    g_hash_table_iter_init(&iter, registry->networks);
    while (g_hash_table_iter_next(&iter, NULL, &network))
        for (guint i = 0; port_uuids[i] != NULL; i++)
            if (g_hash_table_contains(((Network *)network)->ports, port_uuids[i]))
                remove_port(registry, network, port_uuids[i]);
}
