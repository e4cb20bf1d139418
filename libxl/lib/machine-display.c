/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Displays: VNC, SPICE, SDL, and the adapter they show. */
#include <string.h>

#include "machine-args.h"

/* How far to look for a free display, as libxl does. */
#define VNC_SEARCH 99

static const struct {
    const char *kind, *device;
} adapters[] = {
    { "cirrus", "cirrus-vga" }, { "stdvga", "VGA" },        { "std", "VGA" },
    { "qxl", "qxl-vga" },       { "virtio", "virtio-vga" }, { "none", NULL },
};

static void add_vnc(KxlArgs *args, const KxlVnc *vnc)
{
    g_autofree char *listen = kxl_args_quote(vnc->listen ? vnc->listen : "127.0.0.1");
    GString *options = g_string_new(NULL);
    /* An IPv6 address in brackets, as QEMU splits at the last colon. */
    gboolean v6 = strchr(listen, ':') && listen[0] != '[';

    if (vnc->socket) {
        g_autofree char *socket = kxl_args_quote(vnc->socket);

        g_string_append_printf(options, "unix:%s", socket);
    } else {
        g_string_append_printf(options, v6 ? "[%s]:%d" : "%s:%d", listen, MAX(vnc->display, 0));
        if (vnc->find_unused)
            g_string_append_printf(options, ",to=%d", VNC_SEARCH);
    }
    if (vnc->passwd)
        g_string_append(options, ",password=on");
    kxl_args_add(args, "-vnc", "%s", options->str);
    g_string_free(options, TRUE);
}

static void add_spice(KxlArgs *args, const KxlSpice *spice)
{
    g_autofree char *listen = kxl_args_quote(spice->listen ? spice->listen : "127.0.0.1");
    GString *options = g_string_new(NULL);

    g_string_append_printf(options, "addr=%s", listen);
    if (spice->port > 0)
        g_string_append_printf(options, ",port=%d", spice->port);
    if (spice->tls_port > 0)
        g_string_append_printf(options, ",tls-port=%d", spice->tls_port);
    if (spice->disable_ticketing || !spice->passwd)
        g_string_append(options, ",disable-ticketing=on");
    g_string_append_printf(options, ",agent-mouse=%s", spice->agent_mouse ? "on" : "off");
    kxl_args_add(args, "-spice", "%s", options->str);
    g_string_free(options, TRUE);
}

static gboolean add_sdl(KxlArgs *args, const KxlSdl *sdl)
{
    kxl_args_add(args, "-display", sdl->opengl ? "sdl,gl=on" : "sdl");
    return TRUE;
}

static gboolean add_adapter(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    const char *kind = config->vga ? config->vga : "cirrus";
    guint64 video_mb = config->video_memkb / 1024;

    for (guint i = 0; i < G_N_ELEMENTS(adapters); i++) {
        if (!g_str_equal(adapters[i].kind, kind))
            continue;
        if (!adapters[i].device)
            return TRUE;
        if (video_mb && !g_str_equal(kind, "virtio")) /* virtio has none of its own */
            kxl_args_add(args, "-device", "%s,id=video0,addr=02.0,vgamem_mb=%" G_GUINT64_FORMAT,
                         adapters[i].device, video_mb);
        else
            kxl_args_add(args, "-device", "%s,id=video0,addr=02.0", adapters[i].device);
        return TRUE;
    }
    return kxl_args_unsupported(error, "vga '%s'", kind);
}

static gboolean add_hvm_display(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    gboolean sdl = config->sdl.enable && !config->nographic;

    if (config->spice.enable && config->spice.port < 0)
        return kxl_args_unsupported(error, "spice: a free port found by itself");
    if (!sdl)
        kxl_args_add(args, "-display", "none");
    if (config->nographic)
        return TRUE;
    if (!add_adapter(args, config, error))
        return FALSE;
    if (sdl)
        add_sdl(args, &config->sdl);
    if (kxl_machine_vnc(config))
        add_vnc(args, kxl_machine_vnc(config));
    if (config->spice.enable)
        add_spice(args, &config->spice);
    return TRUE;
}

const KxlVnc *kxl_machine_vnc(const KxlDomainConfig *config)
{
    const KxlVnc *vnc = &config->vnc;

    if (config->nographic)
        return NULL;
    if (config->type == KXL_TYPE_PV) {
        if (config->vfbs->len == 0)
            return NULL;
        vnc = &((const KxlDeviceVfb *)config->vfbs->pdata[0])->vnc;
    }
    return vnc->enable ? vnc : NULL;
}

/* hv has no framebuffer back end yet: the display is there, and QEMU itself says in it that the
 * machine has no graphics. */
static gboolean add_pv_display(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    if (config->vfbs->len > 1)
        return kxl_args_unsupported(error, "vfb: more than one");
    if (config->vfbs->len == 1 && ((const KxlDeviceVfb *)config->vfbs->pdata[0])->sdl.enable)
        return kxl_args_unsupported(error, "vfb: sdl in a PV domain");
    kxl_args_add(args, "-display", "none");
    if (kxl_machine_vnc(config))
        add_vnc(args, kxl_machine_vnc(config));
    return TRUE;
}

gboolean kxl_args_display(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlDomainConfig *config = m->config;
    const char *keymap = config->keymap ? config->keymap : config->vnc.keymap;

    if (keymap)
        kxl_args_add(args, "-k", "%s", keymap);
    return config->type == KXL_TYPE_PV ? add_pv_display(args, config, error)
                                       : add_hvm_display(args, config, error);
}
