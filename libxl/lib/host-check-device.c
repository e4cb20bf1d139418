/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the host has what devices of a configuration lead to: nodes, programs, certificates. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "host-check.h"
#include "machine.h"

static gboolean check_node(const char *what, const char *path, int mode, GError **error)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 ||
           kxl_error_set_errno(error, errno, "%s '%s'", what, path);
}

static gboolean check_tpm(const KxlDeviceTpm *tpm, GError **error)
{
    g_autofree char *swtpm = NULL;

    if (g_strcmp0(tpm->backend, "passthrough") == 0)
        return check_node("tpm: device", tpm->path, R_OK | W_OK, error);
    if (g_strcmp0(tpm->backend, "external") == 0)
        return check_node("tpm: socket", tpm->path, R_OK | W_OK, error);
    swtpm = g_find_program_in_path("swtpm");
    if (swtpm)
        return TRUE;
    g_set_error_literal(error, KXL_ERROR, KXL_ERROR_NOT_FOUND,
                        "tpm: program 'swtpm' is not installed (Debian's package swtpm)");
    return FALSE;
}

static gboolean check_spice(const KxlSpice *spice, GError **error)
{
    gboolean secure = spice->tls_port > 0 || g_strcmp0(spice->default_mode, "secure") == 0;

    for (char **channel = spice->channels; channel && *channel; channel++)
        secure |= g_str_has_suffix(*channel, "=secure");
    if (!spice->enable || !secure)
        return TRUE;
    if (spice->tls_port <= 0) {
        g_set_error_literal(error, KXL_ERROR, KXL_ERROR_INVALID,
                            "spice: secure channels need a TLS port");
        return FALSE;
    }
    return check_node("spice: certificate", KXL_SPICE_CERTIFICATES "/server-cert.pem", R_OK, error);
}

static gboolean check_host_device(const KxlDeviceHost *device, GError **error)
{
    g_autofree char *mdev = NULL;

    if (g_strcmp0(device->kind, "scsi_host") == 0)
        return check_node("hostdev: device", "/dev/vhost-scsi", R_OK | W_OK, error);
    if (g_strcmp0(device->kind, "mdev") == 0) {
        mdev = g_build_filename("/sys/bus/mdev/devices", device->uuid, NULL);
        return check_node("hostdev: mediated device", mdev, F_OK, error);
    }
    if (device->node)
        return check_node("hostdev: device", device->node, R_OK | W_OK, error);
    g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND,
                "hostdev: the host has no SCSI device '%s' %u:%u:%" G_GUINT64_FORMAT,
                device->adapter ? device->adapter : "", device->bus, device->target, device->unit);
    return FALSE;
}

gboolean kxl_host_check_devices(const KxlDomainConfig *config, GError **error)
{
    if (config->type != KXL_TYPE_HVM)
        return TRUE;
    for (guint i = 0; i < config->tpms->len; i++)
        if (!check_tpm(config->tpms->pdata[i], error))
            return FALSE;
    for (guint i = 0; i < config->inputs->len; i++) {
        const KxlDeviceInput *input = config->inputs->pdata[i];

        if (input->path && !check_node("input: device", input->path, R_OK, error))
            return FALSE;
    }
    for (guint i = 0; i < config->rngs->len; i++) {
        const KxlDeviceRng *rng = config->rngs->pdata[i];

        if (rng->path && !check_node("rng: device", rng->path, R_OK, error))
            return FALSE;
    }
    for (guint i = 0; i < config->hostdevs->len; i++)
        if (!check_host_device(config->hostdevs->pdata[i], error))
            return FALSE;
    if (config->vsock && !check_node("vsock: device", "/dev/vhost-vsock", R_OK | W_OK, error))
        return FALSE;
    return check_spice(&config->spice, error);
}
