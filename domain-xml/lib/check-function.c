/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces that are virtual functions of a network card: what the card cannot do for a guest. */
#include "complete.h"

#include <string.h>

/* Driver options are those of an emulated device's. */
static gboolean has_driver_options(const DomainInterface *interface)
{
    for (guint i = 0; i < KXL_OFFLOAD_COUNT; i++)
        if (interface->offload[i] != DOMAIN_ABSENT)
            return TRUE;
    return interface->driver_txmode != NULL || interface->driver_ioeventfd != DOMAIN_ABSENT ||
           interface->driver_event_idx != DOMAIN_ABSENT || interface->driver_rss != DOMAIN_ABSENT ||
           interface->driver_rss_hash != DOMAIN_ABSENT || interface->driver_queues != 0 ||
           interface->driver_rx_queue_size != 0 || interface->driver_tx_queue_size != 0;
}

/* NULL: nothing. */
static const char *first_unfit(const DomainInterface *interface)
{
    const struct {
        const char *name;
        gboolean there;
    } parts[] = {
        { "filterref", interface->filterref != NULL },
        { "virtualport", interface->virtualport_type != NULL },
        { "bandwidth", interface->inbound != NULL || interface->outbound != NULL },
        { "ip", interface->ips->len > 0 },
        { "script", interface->script != NULL },
        { "target", interface->target != NULL },
        { "driver", has_driver_options(interface) },
        { "tune", interface->sndbuf != 0 },
        { "link", g_strcmp0(interface->link, "down") == 0 },
        { "mtu", interface->mtu != 0 },
        { "port", interface->isolated == DOMAIN_YES },
    };

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (parts[i].there)
            return parts[i].name;
    return NULL;
}

/* The card puts one tag on whatever the guest sends. */
static gboolean check_vlan(const DomainInterface *interface, GError **error)
{
    const DomainVlanTag *tag =
        interface->vlan_tags->len > 0 ? g_ptr_array_index(interface->vlan_tags, 0) : NULL;

    if (interface->vlan_trunk == DOMAIN_YES || (tag != NULL && tag->native_mode != NULL))
        return fail_check(error, UNSUPPORTED,
                          "vlan trunking is not supported by SR-IOV network devices");
    if (interface->vlan_tags->len > 1)
        return fail_check(error, UNSUPPORTED,
                          "only one vlan tag is supported by SR-IOV network devices");
    return TRUE;
}

gboolean domain_interface_check_function(const DomainDef *def, const DomainInterface *interface,
                                         GError **error)
{
    const char *unfit = first_unfit(interface);

    if (!domain_is_hvm(def))
        return fail_check(error, UNSUPPORTED,
                          "interfaces of type hostdev are for hvm domains only: there is no PCI "
                          "passthrough to others");
    if (unfit != NULL)
        return fail_check(error, UNSUPPORTED,
                          "%s is not supported for network interfaces of type hostdev", unfit);
    return check_vlan(interface, error);
}

gboolean check_functions(const DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        const DomainInterface *interface = g_ptr_array_index(def->interfaces, i);

        if (interface->type != DOMAIN_INTERFACE_HOSTDEV ||
            domain_interface_check_function(def, interface, error))
            continue;
        g_prefix_error(error, "/domain/devices/interface[%u]: ", i + 1);
        return FALSE;
    }
    return TRUE;
}
