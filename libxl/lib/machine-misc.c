/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small devices: input, random numbers, TPM, watchdog, panic, balloon, vsock, shared memory,
 * crypto. */
#include <string.h>

#include "machine-args.h"

/* What follows the device's name for libvirt's "virtio", "virtio-transitional" and
 * "virtio-non-transitional". NULL with an error: another one. */
static const char *virtio_variant(const char *model, const char *what, GError **error)
{
    static const char *const variants[] = { "", "-transitional", "-non-transitional" };

    if (!model)
        return "";
    for (guint i = 0; i < G_N_ELEMENTS(variants) && g_str_has_prefix(model, "virtio"); i++)
        if (g_str_equal(model + strlen("virtio"), variants[i]))
            return variants[i];
    kxl_args_unsupported(error, "%s: model '%s'", what, model);
    return NULL;
}

/* --- input ------------------------------------------------------------------------------------ */

static gboolean add_input(KxlArgs *args, const KxlDomainConfig *config, const KxlDeviceInput *input,
                          guint i, GError **error)
{
    static const char *const virtio[] = { "mouse", "tablet", "keyboard", NULL };
    g_autofree char *path = kxl_args_quote(input->path ? input->path : "");
    g_autofree char *at = kxl_args_pci_address(config, &input->address, "input", error);

    if (!at)
        return FALSE;
    if (g_strv_contains(virtio, input->type)) {
        kxl_args_add(args, "-device", "virtio-%s-pci,id=input%u%s", input->type, i, at);
    } else if (g_str_equal(input->type, "passthrough")) {
        kxl_args_add(args, "-device", "virtio-input-host-pci,id=input%u,evdev=%s%s", i, path, at);
    } else if (g_str_equal(input->type, "evdev")) {
        kxl_args_add(args, "-object", "input-linux,id=input%u,evdev=%s%s%s%s%s", i, path,
                     input->grab_all ? ",grab_all=on" : "", input->repeat ? ",repeat=on" : "",
                     input->grab_toggle ? ",grab-toggle=" : "",
                     input->grab_toggle ? input->grab_toggle : "");
    } else {
        return kxl_args_unsupported(error, "input '%s'", input->type);
    }
    return TRUE;
}

/* --- random numbers --------------------------------------------------------------------------- */

static gboolean add_rng(KxlArgs *args, const KxlDomainConfig *config, const KxlDeviceRng *rng,
                        guint i, GError **error)
{
    g_autofree char *at = kxl_args_pci_address(config, &rng->address, "rng", error);
    const char *variant = virtio_variant(rng->model, "rng", at ? error : NULL);
    g_autofree char *path = kxl_args_quote(rng->path ? rng->path : "/dev/urandom");
    g_autofree char *chardev = g_strdup_printf("charrng%u", i);
    g_autofree char *rate = g_strdup("");

    if (!at || !variant)
        return FALSE;
    if (g_strcmp0(rng->backend, "random") == 0) {
        kxl_args_add(args, "-object", "rng-random,id=objrng%u,filename=%s", i, path);
    } else if (g_strcmp0(rng->backend, "builtin") == 0) {
        kxl_args_add(args, "-object", "rng-builtin,id=objrng%u", i);
    } else if (g_strcmp0(rng->backend, "egd") == 0) {
        if (!kxl_args_chardev(args, &rng->egd, chardev, NULL, error))
            return FALSE;
        kxl_args_add(args, "-object", "rng-egd,id=objrng%u,chardev=%s", i, chardev);
    } else {
        return kxl_args_unsupported(error, "rng '%s'", rng->backend ? rng->backend : "");
    }
    if (rng->rate_bytes) {
        g_free(rate);
        rate = g_strdup_printf(",max-bytes=%u,period=%u", rng->rate_bytes,
                               rng->rate_period_ms ? rng->rate_period_ms : 1000);
    }
    kxl_args_add(args, "-device", "virtio-rng-pci%s,rng=objrng%u,id=rng%u%s%s", variant, i, i, rate,
                 at);
    return TRUE;
}

/* --- TPM -------------------------------------------------------------------------------------- */

static gboolean add_tpm(KxlArgs *args, const KxlMachine *m, const KxlDeviceTpm *tpm, GError **error)
{
    g_autofree char *own = g_build_filename(m->dir, KXL_TPM_SOCKET, NULL);
    g_autofree char *path = kxl_args_quote(tpm->path ? tpm->path : own);
    const char *model = tpm->model ? tpm->model : "tpm-tis";

    if (!g_str_equal(model, "tpm-tis") && !g_str_equal(model, "tpm-crb"))
        return kxl_args_unsupported(error, "tpm: model '%s'", model);
    if (g_strcmp0(tpm->backend, "passthrough") == 0) {
        kxl_args_add(args, "-tpmdev", "passthrough,id=tpm-tpm0,path=%s", path);
    } else if (g_strcmp0(tpm->backend, "emulator") == 0 ||
               g_strcmp0(tpm->backend, "external") == 0) {
        kxl_args_add(args, "-chardev", "socket,id=chrtpm,path=%s", path);
        kxl_args_add(args, "-tpmdev", "emulator,id=tpm-tpm0,chardev=chrtpm");
    } else {
        return kxl_args_unsupported(error, "tpm: '%s'", tpm->backend ? tpm->backend : "");
    }
    kxl_args_add(args, "-device", "%s,tpmdev=tpm-tpm0,id=tpm0", model);
    return TRUE;
}

static gboolean add_tpms(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const GPtrArray *tpms = m->config->tpms;

    if (tpms->len > 1)
        return kxl_args_unsupported(error, "tpm: more than one");
    return tpms->len == 0 || add_tpm(args, m, tpms->pdata[0], error);
}

/* --- watchdog and panic ----------------------------------------------------------------------- */

/* "dump" stops the machine for the supervisor, who writes the dump and lets it go on. */
static const struct {
    const char *action, *qemu;
} watchdog_actions[] = {
    { "reset", "reset" }, { "shutdown", "shutdown" }, { "poweroff", "poweroff" },
    { "pause", "pause" }, { "debug", "debug" },       { "none", "none" },
    { "dump", "pause" },  { "inject-nmi", "inject-nmi" },
};

static gboolean add_watchdog(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    const char *action = config->watchdog_action ? config->watchdog_action : "reset";

    gboolean itco = g_strcmp0(config->watchdog, "itco") == 0 && kxl_board_is_q35(config);

    if (!config->watchdog)
        return TRUE;
    if (!itco && !g_str_equal(config->watchdog, "i6300esb") &&
        !g_str_equal(config->watchdog, "ib700"))
        return kxl_args_unsupported(error, "watchdog '%s'", config->watchdog);
    for (guint i = 0; i < G_N_ELEMENTS(watchdog_actions); i++) {
        if (!g_str_equal(watchdog_actions[i].action, action))
            continue;
        if (itco) /* the ICH9 has it; it may reset */
            kxl_args_add(args, "-global", "ICH9-LPC.noreboot=off");
        else
            kxl_args_add(args, "-device", "%s,id=watchdog0", config->watchdog);
        kxl_args_add(args, "-action", "watchdog=%s", watchdog_actions[i].qemu);
        return TRUE;
    }
    return kxl_args_unsupported(error, "watchdog_action '%s'", action);
}

static gboolean add_panics(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; config->panics && config->panics[i]; i++) {
        const char *model = config->panics[i];

        if (g_str_equal(model, "isa") && i == 0)
            kxl_args_add(args, "-device", "pvpanic,id=panic%u", i);
        else if (g_str_equal(model, "pvpanic"))
            kxl_args_add(args, "-device", "pvpanic-pci,id=panic%u", i);
        else
            return kxl_args_unsupported(error, "panic '%s'", model);
    }
    return TRUE;
}

/* --- balloon ---------------------------------------------------------------------------------- */

/* xl's domains have one where there is something to balloon to. */
static gboolean add_balloon(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    const KxlBalloon *balloon = &config->balloon;
    gboolean is_virtio = balloon->model && g_str_has_prefix(balloon->model, "virtio");
    gboolean is_none = g_strcmp0(balloon->model, "none") == 0;
    const char *variant = virtio_variant(is_virtio ? balloon->model : NULL, "memballoon", error);
    gboolean room = config->max_memkb > config->target_memkb;
    g_autofree char *at =
        variant ? kxl_args_pci_address(config, &balloon->address, "memballoon", error) : NULL;

    if (!at)
        return FALSE;
    if (is_none)
        return !room || kxl_args_unsupported(error, "memory below maxmem without a balloon");
    if (room || is_virtio || balloon->stats_period_secs || balloon->autodeflate ||
        balloon->free_page_reporting)
        kxl_args_add(args, "-device", "virtio-balloon-pci%s,id=balloon0%s%s%s", variant,
                     balloon->autodeflate ? ",deflate-on-oom=on" : "",
                     balloon->free_page_reporting ? ",free-page-reporting=on" : "", at);
    return TRUE;
}

/* --- the rest --------------------------------------------------------------------------------- */

static gboolean add_vsock(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    const char *variant = virtio_variant(config->vsock_model, "vsock", error);
    g_autofree char *at =
        variant ? kxl_args_pci_address(config, &config->vsock_address, "vsock", error) : NULL;

    if (at && config->vsock)
        kxl_args_add(args, "-device",
                     "vhost-vsock-pci%s,id=vsock0,guest-cid=%" G_GUINT64_FORMAT "%s", variant,
                     config->vsock_cid, at);
    return at != NULL;
}

static gboolean add_shmem(KxlArgs *args, const KxlDeviceShmem *shmem, guint i, GError **error)
{
    g_autofree char *name = kxl_args_quote(shmem->name ? shmem->name : "");
    g_autofree char *server = kxl_args_quote(shmem->server ? shmem->server : "");

    if (g_strcmp0(shmem->model, "ivshmem-plain") == 0) {
        kxl_args_add(
            args, "-object",
            "memory-backend-file,id=shmmem-shmem%u,mem-path=/dev/shm/%s,size=%" G_GUINT64_FORMAT
            ",share=on",
            i, name, shmem->size_kb * 1024);
        kxl_args_add(args, "-device", "ivshmem-plain,id=shmem%u,memdev=shmmem-shmem%u", i, i);
    } else if (g_strcmp0(shmem->model, "ivshmem-doorbell") == 0) {
        kxl_args_add(args, "-chardev", "socket,id=charshmem%u,path=%s", i, server);
        kxl_args_add(args, "-device",
                     "ivshmem-doorbell,id=shmem%u,chardev=charshmem%u,vectors=%u%s", i, i,
                     shmem->vectors ? shmem->vectors : 1,
                     shmem->ioeventfd == KXL_NO    ? ",ioeventfd=off"
                     : shmem->ioeventfd == KXL_YES ? ",ioeventfd=on"
                                                   : "");
    } else {
        return kxl_args_unsupported(error, "shmem '%s'", shmem->model ? shmem->model : "");
    }
    return TRUE;
}

static void add_crypto(KxlArgs *args, const KxlDeviceCrypto *crypto, guint i)
{
    kxl_args_add(args, "-object", "cryptodev-backend-builtin,id=objcrypto%u,queues=%u", i,
                 crypto->queues ? crypto->queues : 1);
    kxl_args_add(args, "-device", "virtio-crypto-pci,cryptodev=objcrypto%u,id=crypto%u", i, i);
}

gboolean kxl_args_misc(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlDomainConfig *config = m->config;

    if (!add_watchdog(args, config, error) || !add_balloon(args, config, error))
        return FALSE;
    for (guint i = 0; i < config->inputs->len; i++)
        if (!add_input(args, config, config->inputs->pdata[i], i, error))
            return FALSE;
    for (guint i = 0; i < config->rngs->len; i++)
        if (!add_rng(args, config, config->rngs->pdata[i], i, error))
            return FALSE;
    if (!add_tpms(args, m, error) || !add_panics(args, config, error) ||
        !add_vsock(args, config, error))
        return FALSE;
    for (guint i = 0; i < config->shmems->len; i++)
        if (!add_shmem(args, config->shmems->pdata[i], i, error))
            return FALSE;
    for (guint i = 0; i < config->cryptos->len; i++)
        add_crypto(args, config->cryptos->pdata[i], i);
    return TRUE;
}
