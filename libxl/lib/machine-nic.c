/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nics: the host's side, and the device in front of it. */
#include <string.h>

#include "machine-args.h"

/* Models of xl.cfg and libvirt, and the QEMU device for each. */
static const struct {
    const char *model, *device;
} models[] = {
    { "rtl8139", "rtl8139" },
    { "e1000", "e1000" },
    { "e1000e", "e1000e" },
    { "ne2k_pci", "ne2k_pci" },
    { "pcnet", "pcnet" },
    { "i82551", "i82551" },
    { "i82557b", "i82557b" },
    { "i82559er", "i82559er" },
    { "vmxnet3", "vmxnet3" },
    { "usb-net", "usb-net" },
    { "virtio", "virtio-net-pci" },
    { "virtio-net", "virtio-net-pci" },
    { "netfront", "virtio-net-pci" },
    { "virtio-transitional", "virtio-net-pci-transitional" },
    { "virtio-non-transitional", "virtio-net-pci-non-transitional" },
};

/* --- the host's side -------------------------------------------------------------------------- */

static void add_socket(KxlArgs *args, const KxlDeviceNic *nic, const char *verb)
{
    g_autofree char *host = kxl_args_quote(nic->host ? nic->host : "");

    kxl_args_add(args, "-netdev", "socket,id=net%d,%s=%s:%u", nic->devid, verb, host, nic->port);
}

static void add_udp(KxlArgs *args, const KxlDeviceNic *nic)
{
    g_autofree char *host = kxl_args_quote(nic->host);
    g_autofree char *local = kxl_args_quote(nic->local_host ? nic->local_host : "");

    kxl_args_add(args, "-netdev", "socket,id=net%d,udp=%s:%u,localaddr=%s:%u", nic->devid, host,
                 nic->port, local, nic->local_port);
}

static void add_tap(KxlArgs *args, const KxlDeviceNic *nic, const KxlTap *tap)
{
    g_autofree char *sndbuf =
        nic->sndbuf ? g_strdup_printf(",sndbuf=%u", nic->sndbuf) : g_strdup("");
    g_autoptr(GString) fds = g_string_new(tap->nr > 1 ? "fds=" : "fd=");

    for (guint i = 0; i < tap->nr; i++)
        g_string_append_printf(fds, "%s%d", i ? ":" : "", tap->fd[i]);
    kxl_args_add(args, "-netdev", "tap,id=net%d,%s%s%s", nic->devid, fds->str, sndbuf,
                 g_strcmp0(nic->driver, "vhost") == 0 ? ",vhost=on" : "");
}

static void add_vhost_user(KxlArgs *args, const KxlDeviceNic *nic)
{
    g_autofree char *path = kxl_args_quote(nic->path);
    g_autofree char *reconnect =
        nic->reconnect_secs ? g_strdup_printf(",reconnect=%u", nic->reconnect_secs) : g_strdup("");
    g_autofree char *queues =
        nic->queues > 1 ? g_strdup_printf(",queues=%u", nic->queues) : g_strdup("");

    kxl_args_add(args, "-chardev", "socket,id=charnet%d,path=%s%s%s", nic->devid, path,
                 nic->listens ? ",server=on,wait=off" : "", nic->listens ? "" : reconnect);
    kxl_args_add(args, "-netdev", "vhost-user,id=net%d,chardev=charnet%d%s", nic->devid,
                 nic->devid, queues);
}

/* FALSE: no device is made. */
static gboolean add_backend(KxlArgs *args, const KxlMachine *m, guint i)
{
    const KxlDeviceNic *nic = m->config->nics->pdata[i];

    switch (nic->kind) {
    case KXL_NIC_BRIDGE:
    case KXL_NIC_TAP:
    case KXL_NIC_DIRECT:
        add_tap(args, nic, &m->taps[i]);
        return TRUE;
    case KXL_NIC_USER:
        kxl_args_add(args, "-netdev", "user,id=net%d", nic->devid);
        return TRUE;
    case KXL_NIC_UDP:
        add_udp(args, nic);
        return TRUE;
    case KXL_NIC_MCAST:
        add_socket(args, nic, "mcast");
        return TRUE;
    case KXL_NIC_SERVER:
        add_socket(args, nic, "listen");
        return TRUE;
    case KXL_NIC_CLIENT:
        add_socket(args, nic, "connect");
        return TRUE;
    case KXL_NIC_VHOST_USER:
        add_vhost_user(args, nic);
        return TRUE;
    case KXL_NIC_UNPLUGGED:
        /* A hub with nobody else on it. */
        kxl_args_add(args, "-netdev", "hubport,id=net%d,hubid=%d", nic->devid, nic->devid);
        return TRUE;
    default:
        return FALSE;
    }
}

/* --- paravirtual ------------------------------------------------------------------------------ */

gboolean kxl_args_pv_nics(KxlArgs *args, const KxlMachine *m, GError **error)
{
    gboolean shared_slots = kxl_machine_shares_slots(m->config);

    for (guint i = 0; i < m->config->nics->len; i++) {
        const KxlDeviceNic *nic = m->config->nics->pdata[i];
        g_autofree char *at = kxl_machine_nic_function(m->config, i);

        if (!add_backend(args, m, i))
            continue;
        kxl_args_add(
            args, "-device",
            "virtio-net-pci,id=vif-%d,netdev=net%d,mac=%s,addr=%s%s,disable-legacy=on,mq=%s,"
            "romfile=",
            nic->devid, nic->devid, nic->mac, strchr(at, ':') + 1,
            shared_slots ? ",multifunction=on" : "",
            kxl_machine_nic_queues(m->config, nic) > 1 ? "on" : "off");
    }
    return TRUE;
}

/* --- emulated --------------------------------------------------------------------------------- */

static const char *model_device(const char *model)
{
    if (!model)
        return "rtl8139"; /* xl.cfg(5) */
    for (guint i = 0; i < G_N_ELEMENTS(models); i++)
        if (g_str_equal(models[i].model, model))
            return models[i].device;
    return NULL;
}

static void add_switch(GString *out, const char *option, KxlTristate value)
{
    if (value != KXL_DEFAULT)
        g_string_append_printf(out, ",%s=%s", option, value == KXL_YES ? "on" : "off");
}

static void add_number(GString *out, const char *option, guint value)
{
    if (value)
        g_string_append_printf(out, ",%s=%u", option, value);
}

/* What only virtio's devices are told. New string. */
static char *virtio_options(const KxlDeviceNic *nic)
{
#define QEMU_NAME(id, xml, qemu) [KXL_OFFLOAD_##id] = (qemu),
    static const char *const offloads[] = { KXL_OFFLOADS(QEMU_NAME) };
#undef QEMU_NAME
    GString *out = g_string_new(NULL);

    if (nic->tx_mode) /* QEMU's word for libvirt's "iothread" */
        g_string_append_printf(out, ",tx=%s",
                               g_str_equal(nic->tx_mode, "iothread") ? "bh" : "timer");
    add_switch(out, "ioeventfd", nic->ioeventfd);
    add_switch(out, "event_idx", nic->event_idx);
    /* A vector for each direction of a queue, one for the configuration, one for the control
     * queue (virtio 1.2 4.1.5.1.2). */
    if (nic->kind == KXL_NIC_VHOST_USER && nic->queues > 1)
        g_string_append_printf(out, ",mq=on,vectors=%u", 2 * nic->queues + 2);
    add_switch(out, "rss", nic->rss);
    add_switch(out, "hash", nic->rss_hash);
    add_number(out, "rx_queue_size", nic->rx_queue_size);
    add_number(out, "tx_queue_size", nic->tx_queue_size);
    for (guint i = 0; i < KXL_OFFLOAD_COUNT; i++)
        add_switch(out, offloads[i], nic->offload[i]);
    return g_string_free(out, FALSE);
}

char *kxl_args_rom(const char *file, KxlTristate bar, KxlTristate enabled)
{
    GString *out = g_string_new(NULL);
    g_autofree char *quoted = file ? kxl_args_quote(file) : NULL;

    add_switch(out, "rombar", bar);
    if (enabled == KXL_NO)
        g_string_append(out, ",romfile=");
    else if (quoted)
        g_string_append_printf(out, ",romfile=%s", quoted);
    return g_string_free(out, FALSE);
}

static gboolean add_device(KxlArgs *args, const KxlMachine *m, const KxlDeviceNic *nic,
                           const char *device, int bootindex, GError **error)
{
    gboolean usb = g_str_equal(device, "usb-net"), virtio = g_str_has_prefix(device, "virtio");
    g_autofree char *what = g_strdup_printf("vif %d", nic->devid);
    g_autofree char *at = usb ? kxl_args_usb_address(m->config, &nic->address, what, error)
                              : kxl_args_pci_address(m->config, &nic->address, what, error);
    g_autofree char *more = virtio_options(nic),
                    *rom = kxl_args_rom(nic->rom_file, nic->rom_bar, nic->rom_enabled);
    g_autofree char *boot = bootindex ? g_strdup_printf(",bootindex=%d", bootindex) : g_strdup("");
    g_autofree char *mtu =
        virtio && nic->mtu ? g_strdup_printf(",host_mtu=%u", nic->mtu) : g_strdup("");

    if (!at)
        return FALSE;
    if (*more && !virtio)
        return kxl_args_unsupported(error, "vif %d: driver options of model '%s'", nic->devid,
                                    nic->model ? nic->model : "rtl8139");
    if (*rom && usb)
        return kxl_args_unsupported(error, "vif %d: a ROM of model 'usb-net'", nic->devid);
    kxl_args_add(args, "-device", "%s,id=vif-%d%s,netdev=net%d,mac=%s%s%s%s%s", device, nic->devid,
                 at, nic->devid, nic->mac, boot, mtu, more, rom);
    return TRUE;
}

/* The guest sees the card's own device, whatever model the nic has. */
static gboolean add_function(KxlArgs *args, const KxlMachine *m, const KxlDeviceNic *nic,
                             int bootindex, GError **error)
{
    g_autofree char *what = g_strdup_printf("vif %d", nic->devid), *name = kxl_pci_name(&nic->pci);
    g_autofree char *at = kxl_args_pci_address(m->config, &nic->address, what, error);
    g_autofree char *rom = kxl_args_rom(nic->rom_file, nic->rom_bar, nic->rom_enabled);
    g_autofree char *boot = bootindex ? g_strdup_printf(",bootindex=%d", bootindex) : g_strdup("");

    if (at)
        kxl_args_add(args, "-device", "vfio-pci,host=%s,id=vif-%d%s%s%s", name, nic->devid, at,
                     boot, rom);
    return at != NULL;
}

gboolean kxl_args_hvm_nics(KxlArgs *args, const KxlMachine *m, const int *bootindex, GError **error)
{
    for (guint i = 0; i < m->config->nics->len; i++) {
        const KxlDeviceNic *nic = m->config->nics->pdata[i];
        const char *device = model_device(nic->model);

        if (nic->kind == KXL_NIC_FUNCTION) {
            if (!add_function(args, m, nic, bootindex[i], error))
                return FALSE;
            continue;
        }
        if (!device)
            return kxl_args_unsupported(error, "vif %d: model '%s'", nic->devid, nic->model);
        if (add_backend(args, m, i) && !add_device(args, m, nic, device, bootindex[i], error))
            return FALSE;
    }
    return TRUE;
}
