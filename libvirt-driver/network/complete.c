/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "complete.h"

#include <string.h>

#include "bridge.h"
#include "handler-util.h"

#define BRIDGE_NUMBERS 256

/* What only a network that the host is part of can have. */
static gboolean check_supported(const NetworkDef *def, GError **error)
{
    const struct {
        gboolean is_there;
        const char *element;
    } parts[] = {
        { def->ips->len > 0, "ip" },
        { def->routes->len > 0, "route" },
        { def->mac != NULL, "mac" },
        { def->domain != NULL, "domain" },
        { def->dns_hosts->len + def->txts->len + def->srvs->len + def->forwarders->len > 0, "dns" },
        { def->inbound != NULL || def->outbound != NULL, "bandwidth" },
    };

    if (network_def_is_virtual(def))
        return def->vlan_tags->len == 0 ||
               fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "<vlan> element specified for network %s, whose type doesn't support vlan "
                    "configuration",
                    def->name);
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (parts[i].is_there)
            return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                        "Unsupported <%s> element in network %s with forward mode='%s'",
                        parts[i].element, def->name, network_forward_name(def->forward));
    return TRUE;
}

static gboolean complete_uuid(NetworkDef *def, GError **error)
{
    guint8 uuid[XDR_UUID_LEN];

    if (def->uuid == NULL) {
        def->uuid = g_uuid_string_random();
        return TRUE;
    }
    if (!uuid_from_text(def->uuid, uuid))
        return fail(error, VIR_ERR_XML_ERROR, "malformed uuid element '%s' of network '%s'",
                    def->uuid, def->name);
    g_free(def->uuid);
    def->uuid = g_malloc(UUID_TEXT_LEN);
    uuid_to_text(uuid, def->uuid);
    return TRUE;
}

/* The first free number in place of the pattern's "%d". */
static char *number_bridge(const char *pattern, gboolean (*is_taken)(const char *, gpointer),
                           gpointer data)
{
    const char *gap = strstr(pattern, "%d");

    for (guint i = 0; i < BRIDGE_NUMBERS; i++) {
        g_autofree char *name =
            g_strdup_printf("%.*s%u%s", (int)(gap - pattern), pattern, i, gap + 2);
        if (inet_is_ifname(name) && !is_taken(name, data) && !bridge_exists(name))
            return g_steal_pointer(&name);
    }
    return NULL;
}

static gboolean complete_bridge(NetworkDef *def, gboolean (*is_taken)(const char *, gpointer),
                                gpointer data, GError **error)
{
    g_autofree char *pattern = g_steal_pointer(&def->bridge);

    if (pattern != NULL && strstr(pattern, "%d") == NULL) {
        def->bridge = g_steal_pointer(&pattern);
        return !is_taken(def->bridge, data) || fail(error, VIR_ERR_INTERNAL_ERROR,
                                                    "bridge name '%s' already in use.",
                                                    def->bridge);
    }
    def->bridge = number_bridge(pattern != NULL ? pattern : "virbr%d", is_taken, data);
    return def->bridge != NULL ||
           fail(error, VIR_ERR_INTERNAL_ERROR, "Bridge generation exceeded max id %d",
                BRIDGE_NUMBERS);
}

/* In QEMU's and libvirt's range, as everybody's virtual bridges are. */
static void complete_mac(NetworkDef *def)
{
    guint32 random = g_random_int();

    if (def->mac == NULL)
        def->mac = g_strdup_printf("52:54:00:%02x:%02x:%02x", random >> 16 & 0xff,
                                   random >> 8 & 0xff, random & 0xff);
}

gboolean network_complete(NetworkDef *def, gboolean (*is_taken)(const char *bridge, gpointer data),
                          gpointer data, GError **error)
{
    if (!check_supported(def, error) || !complete_uuid(def, error))
        return FALSE;
    if (!network_def_is_virtual(def))
        return TRUE;
    if (!complete_bridge(def, is_taken, data, error))
        return FALSE;
    complete_mac(def);
    if (def->stp == DOMAIN_ABSENT)
        def->stp = DOMAIN_YES;
    def->delay = MAX(def->delay, 0);
    return TRUE;
}
