/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attaching, detaching and updating devices, in the running domain and in its definition. */
#include <domain-xml.h>
#include <string.h>

#include "descriptors.h"
#include "device.h"
#include "filter-source.h"
#include "memory-device.h"
#include "network-source.h"
#include "network/network.h"
#include "random.h"
#include "rpc/event.h"
#include "secret-source.h"
#include "volume-source.h"

enum { MODIFY_FORCE = 4 }; /* VIR_DOMAIN_DEVICE_MODIFY_FORCE */

/* One call, while it is under way. */
typedef struct {
    const Kanzend *kanzend;
    DomainView view;
    guint32 flags; /* LIVE and CONFIG, resolved */
    gboolean force;
    DomainDef *config, *live; /* copies that become the definitions; NULL: not affected */
} Change;

static void change_clear(Change *change)
{
    domain_view_clear(&change->view);
    g_clear_pointer(&change->config, domain_def_free);
    g_clear_pointer(&change->live, domain_def_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Change, change_clear)

static gboolean begin(Change *change, RpcCall *call, guint32 flags, guint32 known, GError **error)
{
    change->kanzend = call->app;
    change->flags = flags;
    change->force = flags & MODIFY_FORCE;
    if (!check_flags(call, flags, known, error) ||
        !call_job(call, "given other devices", &change->view, error) ||
        !resolve_impact(&change->view, &change->flags, error))
        return FALSE;
    if (change->flags & AFFECT_CONFIG)
        change->config = domain_def_dup(definition_def(change->view.config));
    if (change->flags & AFFECT_LIVE)
        change->live = domain_def_dup(definition_def(change->view.live));
    return TRUE;
}

/* Both definitions, when what they describe is so. */
static gboolean commit(Change *change, GError **error)
{
    DomainRegistry *domains = change->kanzend->domains;

    if (change->live != NULL &&
        !domain_registry_set_live(domains, change->view.domain,
                                  definition_new(g_steal_pointer(&change->live)), error))
        return FALSE;
    return change->config == NULL ||
           domain_registry_set_config(domains, change->view.domain,
                                      definition_new(g_steal_pointer(&change->config)), error);
}

static gboolean complete(const Change *change, DomainDef *def, GError **error)
{
    return domain_def_complete(def, domain_registry_xml_caps(change->kanzend->domains), random_fill,
                               error);
}

/* The definition that tells what kind of domain it is. */
static const DomainDef *any_def(const Change *change)
{
    return change->live != NULL ? change->live : change->config;
}

static void send_alias(const Change *change, int event_id, const char *alias)
{
    g_autoptr(GByteArray) body = g_byte_array_new();

    xdr_put_string(body, alias != NULL ? alias : "");
    domain_send_event(change->kanzend->domains, change->view.domain, event_id, body);
}

/* What libkxl would start, with all that the definition only names. */
static KxlDomainConfig *to_config(const Change *change, GError **error)
{
    g_autoptr(DomainDef) def = domain_def_dup(change->live);

    if (!resolve_volumes(domain_registry_pools(change->kanzend->domains), def, error))
        return NULL;
    return domain_def_to_config(def, error);
}

static KxlDeviceDisk *config_disk(const KxlDomainConfig *config, const char *target)
{
    for (guint i = 0; i < config->disks->len; i++) {
        KxlDeviceDisk *disk = config->disks->pdata[i];

        if (kxl_vdev_to_devid(disk->vdev) == kxl_vdev_to_devid(target))
            return disk;
    }
    return NULL;
}

static KxlDeviceNic *config_nic(const KxlDomainConfig *config, const char *mac)
{
    for (guint i = 0; i < config->nics->len; i++) {
        KxlDeviceNic *nic = config->nics->pdata[i];

        if (g_strcmp0(nic->mac, mac) == 0)
            return nic;
    }
    return NULL;
}

/* The running domain's own number of an interface; -1: it has none. */
static int running_devid(const Change *change, const char *mac, char **ret_ifname, GError **error)
{
    g_autoptr(KxlDomainConfig) config =
        kxl_domain_get_config(change->kanzend->host, change->view.id, error);
    const KxlDeviceNic *nic = config != NULL ? config_nic(config, mac) : NULL;

    if (nic == NULL) {
        if (config != NULL)
            fail(error, VIR_ERR_DEVICE_MISSING, "no device matching MAC address %s found", mac);
        return -1;
    }
    if (ret_ifname != NULL)
        *ret_ifname = g_strdup(nic->ifname);
    return nic->devid;
}

/* ---- attach ---- */

static char *alias_stem(const Device *device, const DomainDef *def, int index)
{
    if (device->kind == DEVICE_MEMORY) {
        const DomainMemory *memory = device_list(device, def)->pdata[index];
        g_auto(GStrv) words = g_strsplit(memory->model, "-", -1);

        return g_strjoinv(NULL, words);
    }
    if (device->kind == DEVICE_INTERFACE) {
        const DomainInterface *interface = device_list(device, def)->pdata[index];

        return g_strdup(interface->function != NULL ? "hostdev" : "net");
    }
    return g_strdup(device->word);
}

/* Interfaces that are devices of the host's have names of their kind. */
static gboolean alias_is_taken(const Device *device, const DomainDef *def, const char *alias)
{
    for (int i = 0; i < (int)device_list(device, def)->len; i++)
        if (g_strcmp0(device_info(device, def, i)->alias, alias) == 0)
            return TRUE;
    for (guint i = 0; device->kind == DEVICE_INTERFACE && i < def->hostdevs->len; i++)
        if (g_strcmp0(((const DomainHostdev *)def->hostdevs->pdata[i])->info.alias, alias) == 0)
            return TRUE;
    return FALSE;
}

/* The first name of its kind that no device has. */
static void choose_alias(const Device *device, DomainDef *def, int index)
{
    DomainDeviceInfo *own = device_info(device, def, index);
    g_autofree char *stem = alias_stem(device, def, index);

    for (guint n = 0; own->alias == NULL; n++) {
        g_autofree char *alias = g_strdup_printf("%s%u", stem, n);

        if (!alias_is_taken(device, def, alias))
            own->alias = g_steal_pointer(&alias);
    }
}

static gboolean plug_disk(const Change *change, const DomainDisk *disk, GError **error)
{
    g_autoptr(KxlDomainConfig) config = to_config(change, error);
    g_autoptr(GArray) held = fds_new();
    KxlDeviceDisk *plugged;

    if (config == NULL || !resolve_secrets(change->kanzend->secrets, config, error))
        return FALSE;
    plugged = config_disk(config, disk->target);
    return resolve_disk_descriptors(change->kanzend->domains, change->view.domain, plugged, held,
                                    error) &&
           kxl_domain_disk_attach(change->kanzend->host, change->view.id, plugged, error);
}

/* Of the device's among the running domain's. */
static gboolean plug_memory(const Change *change, gconstpointer own, GError **error)
{
    g_autoptr(KxlDomainConfig) config = to_config(change, error);
    guint index = 0;

    g_ptr_array_find(change->live->memories, own, &index);
    return config != NULL && memory_device_plug(change->kanzend->host, change->view.id, config,
                                                index, error);
}

static gboolean start_interface(const Change *change, DomainInterface *interface, GError **error)
{
    g_autoptr(KxlDomainConfig) config = to_config(change, error);
    KxlDeviceNic *nic = config != NULL ? config_nic(config, interface->mac) : NULL;

    if (nic == NULL)
        return FALSE;
    nic->devid = -1;
    if (!kxl_domain_nic_attach(change->kanzend->host, change->view.id, nic, NULL, error))
        return FALSE;
    g_clear_pointer(&interface->target, g_free);
    return running_devid(change, interface->mac, &interface->target, error) >= 0;
}

/* Gives the port of its network back. */
static void release_port(const Change *change, const DomainInterface *interface)
{
    const char *const ports[] = { interface->port_id, NULL };

    if (interface->port_id != NULL)
        network_ports_release(domain_registry_networks(change->kanzend->domains), ports);
}

static gboolean plug_nic(const Change *change, DomainInterface *interface, GError **error)
{
    if (!plug_interface(domain_registry_networks(change->kanzend->domains), change->live, interface,
                        error))
        return FALSE;
    NwfilterRegistry *nwfilters = domain_registry_nwfilters(change->kanzend->domains);
    gboolean filtered = filter_interface(nwfilters, change->live, interface, error);
    if (filtered && start_interface(change, interface, error))
        return TRUE;
    if (filtered)
        unfilter_interface(nwfilters, interface);
    release_port(change, interface);
    return FALSE;
}

/* own: the device, which change->live has already. */
static gboolean plug(const Change *change, const Device *device, gpointer own, GError **error)
{
    if (device->kind == DEVICE_DISK)
        return plug_disk(change, own, error);
    if (device->kind == DEVICE_INTERFACE)
        return plug_nic(change, own, error);
    if (device->kind == DEVICE_MEMORY)
        return plug_memory(change, own, error);
    return fail(error, VIR_ERR_OPERATION_UNSUPPORTED, "live attach of device '%s' is not supported",
                device->word);
}

/* Into one of the definitions, from the same XML, with the same MAC. Returns the device in it. */
static gpointer add_to(const Change *change, DomainDef *def, const char *xml, const char *mac,
                       VirErrorCode taken, Device *device, GError **error)
{
    gpointer own;

    if (!device_parse(device, def, xml, error))
        return NULL;
    if (device->kind == DEVICE_INTERFACE && device_interface(device)->mac == NULL)
        device_interface(device)->mac = g_strdup(mac);
    if (!device_check_free(device, def, taken, error))
        return NULL;
    own = device_list(device, device->def)->pdata[0];
    device_put(device, def, -1);
    if (device->kind == DEVICE_MEMORY && def->max_memory_kib != 0 &&
        def->memory_kib > def->max_memory_kib) {
        fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
             "attaching memory device with size '%" G_GUINT64_FORMAT
             "' would exceed domain's maxMemory config",
             ((const DomainMemory *)own)->size_kib);
        return NULL;
    }
    return complete(change, def, error) ? own : NULL;
}

static char *random_mac(void)
{
    guint8 bytes[3];

    random_fill(bytes, sizeof bytes);
    return g_strdup_printf("00:16:3e:%02x:%02x:%02x", bytes[0] & 0x7f, bytes[1], bytes[2]);
}

static gboolean attach_live(Change *change, const char *xml, const char *mac, GError **error)
{
    g_auto(Device) device = { 0 };
    g_autofree char *alias = NULL;
    gpointer own = add_to(change, change->live, xml, mac, VIR_ERR_OPERATION_FAILED, &device, error);
    guint index;

    /* Completion may have put it elsewhere among its like. */
    if (own == NULL)
        return FALSE;
    if (!g_ptr_array_find(device_list(&device, change->live), own, &index))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "a %s like this is part of the machine already and cannot be attached",
                    device.word);
    if (!plug(change, &device, own, error))
        return FALSE;
    choose_alias(&device, change->live, (int)index);
    alias = g_strdup(device_info(&device, change->live, (int)index)->alias);
    if (!commit(change, error))
        return FALSE;
    send_alias(change, VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, alias);
    return TRUE;
}

static gboolean attach(RpcCall *call, guint32 flags, GError **error)
{
    g_auto(Change) change = { 0 };
    g_auto(Device) stored = { 0 };
    g_autofree char *mac = random_mac();
    const char *xml = call->args[1].str;

    if (!begin(&change, call, flags, AFFECT_LIVE | AFFECT_CONFIG, error))
        return FALSE;
    if (change.config != NULL &&
        !add_to(&change, change.config, xml, mac, VIR_ERR_OPERATION_INVALID, &stored, error))
        return FALSE;
    return change.live != NULL ? attach_live(&change, xml, mac, error) : commit(&change, error);
}

gboolean on_domain_attach_device(RpcCall *call, GError **error)
{
    return attach(call, AFFECT_LIVE, error);
}

gboolean on_domain_attach_device_flags(RpcCall *call, GError **error)
{
    return attach(call, call->args[2].u, error);
}

/* ---- detach ---- */

static gboolean unplug(const Change *change, const Device *device, int index, GError **error)
{
    KxlHost *host = change->kanzend->host;
    gconstpointer own = device_list(device, change->live)->pdata[index];
    const DomainDisk *disk = own;
    const DomainInterface *interface = own;
    int devid;

    if (device->kind == DEVICE_DISK)
        return kxl_domain_disk_detach(host, change->view.id, disk->target, KXL_DETACH_NONE, error);
    if (device->kind == DEVICE_MEMORY)
        return memory_device_unplug(host, change->view.id, change->live, (guint)index, error);
    if (device->kind != DEVICE_INTERFACE)
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "live detach of device '%s' is not supported", device->word);
    devid = running_devid(change, interface->mac, NULL, error);
    if (devid < 0 || !kxl_domain_nic_detach(host, change->view.id, devid, KXL_DETACH_NONE, error))
        return FALSE;
    unfilter_interface(domain_registry_nwfilters(change->kanzend->domains), interface);
    release_port(change, interface);
    return TRUE;
}

static gboolean detach_live(Change *change, const Device *device, GError **error)
{
    int index = device_find(device, change->live, error);
    g_autofree char *alias = NULL;
    GError *local = NULL;

    if (index < 0)
        return FALSE;
    alias = g_strdup(device_info(device, change->live, index)->alias);
    if (!unplug(change, device, index, &local)) {
        if (g_error_matches(local, KXL_ERROR, KXL_ERROR_TIMEOUT))
            send_alias(change, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, alias);
        g_propagate_error(error, local);
        return FALSE;
    }
    device_remove(device, change->live, index);
    if (!commit(change, error))
        return FALSE;
    send_alias(change, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, alias);
    return TRUE;
}

static gboolean detach(Change *change, const Device *device, GError **error)
{
    if (change->config != NULL) {
        int index = device_find(device, change->config, error);

        if (index < 0)
            return FALSE;
        device_remove(device, change->config, index);
    }
    return change->live != NULL ? detach_live(change, device, error) : commit(change, error);
}

static gboolean detach_by_xml(RpcCall *call, guint32 flags, GError **error)
{
    g_auto(Change) change = { 0 };
    g_auto(Device) device = { 0 };

    return begin(&change, call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) &&
           device_parse(&device, any_def(&change), call->args[1].str, error) &&
           detach(&change, &device, error);
}

gboolean on_domain_detach_device(RpcCall *call, GError **error)
{
    return detach_by_xml(call, AFFECT_LIVE, error);
}

gboolean on_domain_detach_device_flags(RpcCall *call, GError **error)
{
    return detach_by_xml(call, call->args[2].u, error);
}

/* libvirt answers when the guest has been asked; here it has let go when this returns. */
gboolean on_domain_detach_device_alias(RpcCall *call, GError **error)
{
    g_auto(Change) change = { 0 };
    g_auto(Device) device = { 0 };

    return begin(&change, call, call->args[2].u, AFFECT_LIVE | AFFECT_CONFIG, error) &&
           device_by_alias(&device, any_def(&change), call->args[1].str, error) &&
           detach(&change, &device, error);
}

/* ---- update ---- */

/* Replaces the device of the same target or MAC in one definition. Returns the new one. */
static gpointer replace_in(const Change *change, DomainDef *def, const char *xml, Device *device,
                           GError **error)
{
    gboolean stored_disk;
    gpointer own;
    int index;

    if (!device_parse(device, def, xml, error))
        return NULL;
    if (device->kind == DEVICE_OTHER) {
        fail(error, VIR_ERR_OPERATION_UNSUPPORTED, "update of device '%s' is not supported",
             device->word);
        return NULL;
    }
    stored_disk = device->kind == DEVICE_DISK && def == change->config;
    index = device_find(device, def, stored_disk ? NULL : error);
    if (index < 0 && stored_disk) /* libvirt's number for it is another there */
        fail(error, VIR_ERR_INVALID_ARG, "target %s doesn't exist", device_disk(device)->target);
    if (index < 0)
        return NULL;
    own = device_list(device, device->def)->pdata[0];
    device_put(device, def, index);
    return complete(change, def, error) ? own : NULL;
}

static void send_tray(const Change *change, const char *alias, gint32 reason)
{
    g_autoptr(GByteArray) body = g_byte_array_new();

    xdr_put_string(body, alias != NULL ? alias : "");
    xdr_put_i32(body, reason);
    domain_send_event(change->kanzend->domains, change->view.domain,
                      VIR_DOMAIN_EVENT_ID_TRAY_CHANGE, body);
}

/* QEMU tells of the trays of the drives it emulates; those of PV guests have none, but have
 * opened for all their clients can see. */
static void tell_of_tray(const Change *change, const DomainDisk *disk)
{
    if (g_strcmp0(change->live->os_type, "hvm") == 0)
        return;
    send_tray(change, disk->info.alias, 0);
    if (disk->source != NULL)
        send_tray(change, disk->info.alias, 1);
}

static gboolean change_disk(const Change *change, const DomainDisk *disk, GError **error)
{
    g_autoptr(KxlDomainConfig) config = to_config(change, error);

    if (config == NULL ||
        !kxl_domain_disk_update(change->kanzend->host, change->view.id,
                                config_disk(config, disk->target), change->force, error))
        return FALSE;
    if (disk->device == DOMAIN_DISK_DEVICE_CDROM)
        tell_of_tray(change, disk);
    return TRUE;
}

/* The interface as it was before the change. */
static const DomainInterface *interface_before(const Change *change, const char *mac)
{
    const DomainDef *def = definition_def(change->view.live);

    for (guint i = 0; i < def->interfaces->len; i++) {
        const DomainInterface *interface = def->interfaces->pdata[i];

        if (g_strcmp0(interface->mac, mac) == 0)
            return interface;
    }
    return NULL;
}

/* It stays where it is plugged in, or moves to another network. */
static gboolean settle_port(const Change *change, const DomainInterface *before,
                            DomainInterface *interface, GError **error)
{
    return (before != NULL && stay_plugged(before, interface)) ||
           plug_interface(domain_registry_networks(change->kanzend->domains), change->live,
                          interface, error);
}

static gboolean update_running(const Change *change, DomainInterface *interface, GError **error)
{
    g_autoptr(KxlDomainConfig) config = to_config(change, error);
    KxlDeviceNic *nic = config != NULL ? config_nic(config, interface->mac) : NULL;

    if (nic == NULL)
        return FALSE;
    nic->devid = running_devid(change, interface->mac, NULL, error);
    if (nic->devid < 0 ||
        !kxl_domain_nic_update(change->kanzend->host, change->view.id, nic, error))
        return FALSE;
    g_clear_pointer(&interface->target, g_free);
    return running_devid(change, interface->mac, &interface->target, error) >= 0;
}

/* With its filter, which goes before the rest and comes back when the rest fails. */
static gboolean update_filtered(const Change *change, const DomainInterface *before,
                                DomainInterface *interface, GError **error)
{
    NwfilterRegistry *nwfilters = domain_registry_nwfilters(change->kanzend->domains);

    if (!refilter_interface(nwfilters, change->live, before, interface, error))
        return FALSE;
    if (update_running(change, interface, error))
        return TRUE;
    g_autoptr(DomainDef) old = domain_def_dup(definition_def(change->view.live));
    for (guint i = 0; i < old->interfaces->len; i++) {
        DomainInterface *same = old->interfaces->pdata[i];
        if (g_strcmp0(same->mac, interface->mac) == 0)
            refilter_interface(nwfilters, change->live, interface, same, NULL);
    }
    return FALSE;
}

static gboolean change_interface(const Change *change, DomainInterface *interface, GError **error)
{
    const DomainInterface *before = interface_before(change, interface->mac);
    gboolean moves, ok;

    if (!settle_port(change, before, interface, error))
        return FALSE;
    moves = before == NULL || g_strcmp0(before->port_id, interface->port_id) != 0;
    ok = update_filtered(change, before, interface, error);
    if (moves && !ok)
        release_port(change, interface);
    if (moves && ok && before != NULL)
        release_port(change, before);
    return ok;
}

static gboolean change_running(const Change *change, const Device *device, gpointer own,
                               GError **error)
{
    guint index = 0;

    if (device->kind == DEVICE_DISK)
        return change_disk(change, own, error);
    if (device->kind == DEVICE_INTERFACE)
        return change_interface(change, own, error);
    g_ptr_array_find(change->live->memories, own, &index);
    return memory_device_update(change->kanzend->host, change->view.id, change->live, index,
                                error);
}

gboolean on_domain_update_device_flags(RpcCall *call, GError **error)
{
    g_auto(Change) change = { 0 };
    g_auto(Device) stored = { 0 }, running = { 0 };
    const char *xml = call->args[1].str;
    gpointer own;

    if (!begin(&change, call, call->args[2].u, AFFECT_LIVE | AFFECT_CONFIG | MODIFY_FORCE, error) ||
        (change.config != NULL && replace_in(&change, change.config, xml, &stored, error) == NULL))
        return FALSE;
    if (change.live == NULL)
        return commit(&change, error);
    own = replace_in(&change, change.live, xml, &running, error);
    return own != NULL && change_running(&change, &running, own, error) && commit(&change, error);
}
