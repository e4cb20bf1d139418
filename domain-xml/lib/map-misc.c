/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Input, watchdog, balloon, rng, tpm, panic, vsock, shmem, crypto, smartcard: an HVM guest's small
 * devices. xl.cfg(5) has the first two of them. */
#include "map.h"

#include <string.h>

#include "def-classes.h"

/* ---- input ---- */

/* PS/2's are always there. */
static void map_inputs_to_config(const DomainDef *def, KxlDomainConfig *config)
{
    for (guint i = 0; i < def->inputs->len; i++) {
        const DomainInput *input = g_ptr_array_index(def->inputs, i);
        KxlDeviceInput *to;

        if (g_strcmp0(input->bus, "usb") == 0) {
            config->usb = TRUE;
            map_add_string(&config->usbdevices, input->type);
        }
        if (input->evdev == NULL && input->dev == NULL && g_strcmp0(input->bus, "virtio") != 0)
            continue;
        to = kxl_device_input_new();
        to->type = g_strdup(input->type);
        to->path = g_strdup(input->evdev != NULL ? input->evdev : input->dev);
        to->grab_all = g_strcmp0(input->grab, "all") == 0;
        to->repeat = g_strcmp0(input->repeat, "on") == 0;
        to->grab_toggle = g_strdup(input->grab_toggle);
        map_bus_options(&input->info, &to->address);
        g_ptr_array_add(config->inputs, to);
    }
}

static void map_inputs_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    static const char *const types[] = { "tablet", "mouse", "keyboard", NULL };

    for (guint i = 0; config->usbdevices != NULL && config->usbdevices[i] != NULL; i++) {
        if (!g_strv_contains(types, config->usbdevices[i]))
            continue;
        DomainInput *input = domain_input_new();
        input->type = g_strdup(config->usbdevices[i]);
        input->bus = g_strdup("usb");
        g_ptr_array_add(def->inputs, input);
    }
}

/* ---- watchdog, panic, balloon ---- */

/* A guest that its watchdog resets goes on; libkxl's way of it is a restart. */
static void map_watchdog_to_config(const DomainWatchdog *watchdog, KxlDomainConfig *config)
{
    if (watchdog == NULL)
        return;
    config->watchdog = g_strdup(watchdog->model);
    config->watchdog_action = g_strdup(watchdog->action);
    if (g_strcmp0(watchdog->action, "reset") == 0)
        config->on_watchdog = KXL_ACTION_RESTART;
}

static void map_watchdog_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    if (config->watchdog == NULL)
        return;
    def->watchdog = xml_object_new(&domain_watchdog_class);
    def->watchdog->model = g_strdup(config->watchdog);
    if (config->watchdog_action != NULL) {
        g_free(def->watchdog->action);
        def->watchdog->action = g_strdup(config->watchdog_action);
    }
}

static void map_panics_to_config(const DomainDef *def, KxlDomainConfig *config)
{
    for (guint i = 0; i < def->panics->len; i++) {
        const DomainPanic *panic = g_ptr_array_index(def->panics, i);
        map_add_string(&config->panics, panic->model != NULL ? panic->model : "isa");
    }
}

static void map_iommu_to_config(const DomainIommu *from, KxlIommu *to)
{
    if (from == NULL)
        return;
    to->model = g_strdup(from->model);
    to->interrupt_remapping = map_tristate(from->intremap);
    to->caching_mode = map_tristate(from->caching_mode);
    to->extended_interrupts = map_tristate(from->eim);
    to->device_iotlb = map_tristate(from->iotlb);
    to->address_bits = from->aw_bits;
    map_address(&from->info, &to->address);
}

static void map_balloon_to_config(const DomainMemballoon *from, KxlBalloon *to)
{
    if (from == NULL)
        return;
    if (strcmp(from->model, "none") == 0)
        to->model = g_strdup("none");
    else if (g_str_has_prefix(from->model, "virtio"))
        to->model = g_strdup(from->model);
    to->autodeflate = from->autodeflate == DOMAIN_YES;
    to->free_page_reporting = from->free_page_reporting == DOMAIN_YES;
    to->stats_period_secs = from->stats_period;
    map_bus_options(&from->info, &to->address);
}

/* ---- rng, tpm ---- */

static gboolean map_rng_to_config(const DomainRng *from, KxlDomainConfig *config, GError **error)
{
    KxlDeviceRng *to = kxl_device_rng_new();

    g_ptr_array_add(config->rngs, to);
    if (strcmp(from->model, "virtio") != 0)
        to->model = g_strdup(from->model);
    to->backend = g_strdup(from->backend);
    to->path = g_strdup(from->path);
    to->rate_bytes = from->rate_bytes;
    to->rate_period_ms = from->rate_period;
    map_bus_options(&from->info, &to->address);
    return strcmp(from->backend, "egd") != 0 ||
           map_source_to_serial(from->type, from->protocol, from->sources, &to->egd, error);
}

static void map_tpm_to_config(const DomainTpm *from, KxlDomainConfig *config)
{
    KxlDeviceTpm *to = kxl_device_tpm_new();
    gboolean is_passthrough = strcmp(from->backend, "passthrough") == 0;

    to->model = g_strdup(from->model != NULL ? from->model : "tpm-tis");
    to->backend = g_strdup(from->backend);
    to->version = g_strdup(from->version);
    if (is_passthrough)
        to->path = g_strdup(from->path != NULL ? from->path : "/dev/tpm0");
    else
        to->path = g_strdup(from->source_path);
    g_ptr_array_add(config->tpms, to);
}

/* ---- shmem, crypto, smartcard ---- */

static void map_shmem_to_config(const DomainShmem *from, KxlDomainConfig *config)
{
    KxlDeviceShmem *to = kxl_device_shmem_new();

    to->name = g_strdup(from->name);
    to->model = g_strdup(from->model);
    to->size_kb = from->size_kib;
    to->server = g_strdup(from->server);
    to->vectors = from->msi_vectors;
    if (from->msi_ioeventfd != DOMAIN_ABSENT)
        to->ioeventfd = from->msi_ioeventfd == DOMAIN_YES ? KXL_YES : KXL_NO;
    g_ptr_array_add(config->shmems, to);
}

static void map_crypto_to_config(const DomainCrypto *from, KxlDomainConfig *config)
{
    KxlDeviceCrypto *to = kxl_device_crypto_new();

    to->queues = from->queues;
    g_ptr_array_add(config->cryptos, to);
}

static gboolean map_smartcard_to_config(const DomainSmartcard *from, KxlDomainConfig *config,
                                        GError **error)
{
    KxlDeviceSmartcard *to = kxl_device_smartcard_new();

    g_ptr_array_add(config->smartcards, to);
    config->usb = TRUE;
    to->mode = g_strdup(from->mode);
    to->database = g_strdup(from->database);
    for (guint i = 0; i < from->certificates->len; i++)
        map_add_string(&to->certificates,
                       ((const DomainParameter *)g_ptr_array_index(from->certificates, i))->name);
    return from->type == NULL ||
           map_source_to_serial(from->type, from->protocol, from->sources, &to->chardev, error);
}

/* ---- all of them ---- */

static gboolean map_lists_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < def->rngs->len; i++)
        if (!map_rng_to_config(g_ptr_array_index(def->rngs, i), config, error))
            return FALSE;
    for (guint i = 0; i < def->tpms->len; i++)
        map_tpm_to_config(g_ptr_array_index(def->tpms, i), config);
    for (guint i = 0; i < def->shmems->len; i++)
        map_shmem_to_config(g_ptr_array_index(def->shmems, i), config);
    for (guint i = 0; i < def->cryptos->len; i++)
        map_crypto_to_config(g_ptr_array_index(def->cryptos, i), config);
    for (guint i = 0; i < def->smartcards->len; i++)
        if (!map_smartcard_to_config(g_ptr_array_index(def->smartcards, i), config, error))
            return FALSE;
    return TRUE;
}

gboolean map_misc_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    if (config->type != KXL_TYPE_HVM)
        return TRUE;
    map_inputs_to_config(def, config);
    map_watchdog_to_config(def->watchdog, config);
    map_panics_to_config(def, config);
    map_balloon_to_config(def->memballoon, &config->balloon);
    map_iommu_to_config(def->iommu, &config->iommu);
    if (def->vsock != NULL) {
        config->vsock = TRUE;
        config->vsock_cid = def->vsock->auto_cid == DOMAIN_YES ? 0 : def->vsock->cid;
        if (g_strcmp0(def->vsock->model, "virtio") != 0)
            config->vsock_model = g_strdup(def->vsock->model);
        map_bus_options(&def->vsock->info, &config->vsock_address);
    }
    return map_lists_to_config(def, config, error);
}

gboolean map_misc_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    if (config->type == KXL_TYPE_HVM) {
        map_inputs_from_config(config, def);
        map_watchdog_from_config(config, def);
    }
    return TRUE;
}
