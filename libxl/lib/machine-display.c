/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Displays: VNC, SPICE, SDL, and the adapter they show. */
#include <string.h>

#include "machine-args.h"

/* How far to look for a free display, as libxl does. */
#define VNC_SEARCH 99

/* Several displays may be there; QEMU's own window, if any, is one of them. */
static void add_display(KxlArgs *args, GString *options)
{
    kxl_args_add(args, "-display", "%s", options->str);
    g_string_free(options, TRUE);
}

/* --- VNC -------------------------------------------------------------------------------------- */

/* Where the socket is that was asked for without a path. */
static char *socket_path(const KxlMachine *m, const char *given, const char *file)
{
    g_autofree char *path = *given ? g_strdup(given) : g_build_filename(m->dir, file, NULL);

    return kxl_args_quote(path);
}

static void add_vnc_place(GString *options, const KxlMachine *m, const KxlVnc *vnc)
{
    g_autofree char *listen = kxl_args_quote(vnc->listen ? vnc->listen : "127.0.0.1");
    /* An IPv6 address in brackets, as QEMU splits at the last colon. */
    gboolean v6 = strchr(listen, ':') && listen[0] != '[';

    if (vnc->no_listen) {
        g_string_append(options, "none");
    } else if (vnc->socket) {
        g_autofree char *socket = socket_path(m, vnc->socket, KXL_VNC_SOCKET);

        g_string_append_printf(options, "unix:%s", socket);
    } else {
        g_string_append_printf(options, v6 ? "[%s]:%d" : "%s:%d", listen, MAX(vnc->display, 0));
        if (vnc->find_unused)
            g_string_append_printf(options, ",to=%d", VNC_SEARCH);
    }
}

static void add_vnc(KxlArgs *args, const KxlMachine *m, const KxlVnc *vnc)
{
    GString *options = g_string_new(NULL);

    add_vnc_place(options, m, vnc);
    if (vnc->websocket < 0)
        g_string_append(options, ",websocket=on");
    else if (vnc->websocket > 0)
        g_string_append_printf(options, ",websocket=%d", vnc->websocket);
    if (vnc->passwd)
        g_string_append(options, ",password=on");
    if (vnc->share_policy)
        g_string_append_printf(options, ",share=%s", vnc->share_policy);
    if (vnc->power_control != KXL_DEFAULT)
        g_string_append_printf(options, ",power-control=%s",
                               vnc->power_control == KXL_YES ? "on" : "off");
    if (vnc->audio)
        g_string_append_printf(options, ",audiodev=audio%s", vnc->audio);
    kxl_args_add(args, "-vnc", "%s", options->str);
    g_string_free(options, TRUE);
}

/* --- SPICE ------------------------------------------------------------------------------------ */

static void add_spice_place(GString *options, const KxlMachine *m, const KxlSpice *spice)
{
    g_autofree char *listen = kxl_args_quote(spice->listen ? spice->listen : "127.0.0.1");

    if (spice->socket || spice->no_listen) {
        /* Without a place to listen at SPICE does not start: a socket that nobody is told of. */
        g_autofree char *socket =
            socket_path(m, spice->socket ? spice->socket : "", KXL_SPICE_SOCKET);

        g_string_append_printf(options, "unix=on,addr=%s", socket);
        return;
    }
    g_string_append_printf(options, "addr=%s", listen);
    if (spice->port > 0)
        g_string_append_printf(options, ",port=%d", spice->port);
    if (spice->tls_port > 0)
        g_string_append_printf(options, ",tls-port=%d,x509-dir=%s", spice->tls_port,
                               KXL_SPICE_CERTIFICATES);
}

/* "name=mode": secure is tls-channel=name, insecure plaintext-channel=name. */
static void add_spice_channel(GString *options, const char *name, gsize length, const char *mode)
{
    if (g_strcmp0(mode, "secure") == 0)
        g_string_append(options, ",tls-channel=");
    else if (g_strcmp0(mode, "insecure") == 0)
        g_string_append(options, ",plaintext-channel=");
    else
        return;
    g_string_append_len(options, name, (gssize)length);
}

static void add_spice_channels(GString *options, const KxlSpice *spice)
{
    add_spice_channel(options, "default", strlen("default"), spice->default_mode);
    for (char **channel = spice->channels; channel && *channel; channel++) {
        const char *equals = strchr(*channel, '=');

        if (equals)
            add_spice_channel(options, *channel, (gsize)(equals - *channel), equals + 1);
    }
}

static void add_spice_tuning(GString *options, const KxlSpice *spice)
{
    const struct {
        const char *option, *value;
    } texts[] = {
        { "image-compression", spice->image_compression },
        { "jpeg-wan-compression", spice->jpeg_compression },
        { "zlib-glz-wan-compression", spice->zlib_compression },
        { "streaming-video", spice->streaming },
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        if (texts[i].value)
            g_string_append_printf(options, ",%s=%s", texts[i].option, texts[i].value);
    if (spice->playback_compression != KXL_DEFAULT)
        g_string_append_printf(options, ",playback-compression=%s",
                               spice->playback_compression == KXL_YES ? "on" : "off");
    if (spice->copy_paste == KXL_NO)
        g_string_append(options, ",disable-copy-paste=on");
    if (spice->file_transfer == KXL_NO)
        g_string_append(options, ",disable-agent-file-xfer=on");
    if (spice->gl)
        g_string_append(options, ",gl=on");
    if (spice->gl && spice->rendernode) {
        g_autofree char *node = kxl_args_quote(spice->rendernode);

        g_string_append_printf(options, ",rendernode=%s", node);
    }
}

static void add_spice(KxlArgs *args, const KxlMachine *m, const KxlSpice *spice)
{
    GString *options = g_string_new(NULL);

    add_spice_place(options, m, spice);
    if (spice->disable_ticketing || !spice->passwd)
        g_string_append(options, ",disable-ticketing=on");
    add_spice_channels(options, spice);
    g_string_append_printf(options, ",agent-mouse=%s", spice->agent_mouse ? "on" : "off");
    add_spice_tuning(options, spice);
    kxl_args_add(args, "-spice", "%s", options->str);
    g_string_free(options, TRUE);
}

/* --- windows, D-Bus --------------------------------------------------------------------------- */

static void add_sdl(KxlArgs *args, const KxlSdl *sdl)
{
    kxl_args_add(args, "-display", sdl->opengl ? "sdl,gl=on" : "sdl");
    if (sdl->fullscreen)
        kxl_args_flag(args, "-full-screen");
}

static void add_rendernode(GString *options, const KxlGlDisplay *display)
{
    g_autofree char *node = display->rendernode ? kxl_args_quote(display->rendernode) : NULL;

    if (node)
        g_string_append_printf(options, ",rendernode=%s", node);
}

static void add_egl(KxlArgs *args, const KxlGlDisplay *egl)
{
    GString *options = g_string_new("egl-headless");

    add_rendernode(options, egl);
    add_display(args, options);
}

static void add_dbus(KxlArgs *args, const KxlGlDisplay *dbus)
{
    GString *options = g_string_new("dbus");
    g_autofree char *address = dbus->address ? kxl_args_quote(dbus->address) : NULL;

    if (dbus->p2p)
        g_string_append(options, ",p2p=yes");
    else if (address)
        g_string_append_printf(options, ",addr=%s", address);
    if (dbus->audio)
        g_string_append_printf(options, ",audiodev=audio%s", dbus->audio);
    if (dbus->gl)
        g_string_append(options, ",gl=on");
    add_rendernode(options, dbus);
    add_display(args, options);
}

/* --- all of them ------------------------------------------------------------------------------ */

static gboolean check_displays(const KxlDomainConfig *config, GError **error)
{
    const KxlSpice *spice = &config->spice;

    if (config->sdl.enable + config->egl_headless.enable + config->dbus.enable > 1)
        return kxl_args_unsupported(error, "more than one of sdl, egl-headless and dbus displays");
    if (spice->enable && spice->port <= 0 && spice->tls_port <= 0 && !spice->socket &&
        !spice->no_listen)
        return kxl_args_unsupported(error, "spice without a port");
    return TRUE;
}

static gboolean add_hvm_display(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlDomainConfig *config = m->config;

    if (!config->nographic && !check_displays(config, error))
        return FALSE;
    if (config->nographic ||
        !(config->sdl.enable || config->egl_headless.enable || config->dbus.enable))
        kxl_args_add(args, "-display", "none");
    /* What the displays play goes where these say. */
    if (!kxl_args_audios(args, config, error))
        return FALSE;
    if (config->nographic)
        return TRUE;
    if (!kxl_args_videos(args, config, error))
        return FALSE;
    if (config->sdl.enable)
        add_sdl(args, &config->sdl);
    if (config->egl_headless.enable)
        add_egl(args, &config->egl_headless);
    if (config->dbus.enable)
        add_dbus(args, &config->dbus);
    if (kxl_machine_vnc(config))
        add_vnc(args, m, kxl_machine_vnc(config));
    if (config->spice.enable)
        add_spice(args, m, &config->spice);
    return TRUE;
}

const KxlVnc *kxl_machine_vnc(const KxlDomainConfig *config)
{
    const KxlVnc *vnc = &config->vnc;

    if (config->nographic)
        return NULL;
    if (config->type != KXL_TYPE_HVM) {
        if (config->vfbs->len == 0)
            return NULL;
        vnc = &((const KxlDeviceVfb *)config->vfbs->pdata[0])->vnc;
    }
    return vnc->enable ? vnc : NULL;
}

/* A guest's framebuffer, keyboard and pointer: a PVH guest drives them itself; for a PV guest hv's
 * back ends do, which find them in a slot that no disk or vif has. */
static void add_framebuffer(KxlArgs *args, KxlDomainType type)
{
    static const struct {
        const char *device, *at;
    } devices[] = {
        { "virtio-gpu-pci,id=video0,max_outputs=1", KXL_MACHINE_VFB_PCI },
        { "virtio-keyboard-pci,id=keyboard0", KXL_MACHINE_KEYBOARD_PCI },
        { "virtio-tablet-pci,id=tablet0", KXL_MACHINE_POINTER_PCI },
    };

    for (guint i = 0; i < G_N_ELEMENTS(devices); i++) {
        if (type == KXL_TYPE_PV)
            kxl_args_add(args, "-device", "%s,multifunction=on,addr=%s", devices[i].device,
                         strchr(devices[i].at, ':') + 1);
        else
            kxl_args_add(args, "-device", "%s", devices[i].device);
    }
}

static gboolean add_pv_display(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlDomainConfig *config = m->config;

    if (config->vfbs->len > 1)
        return kxl_args_unsupported(error, "vfb: more than one");
    if (config->vfbs->len == 1 && ((const KxlDeviceVfb *)config->vfbs->pdata[0])->sdl.enable)
        return kxl_args_unsupported(error, "vfb: sdl in a %s domain",
                                    kxl_domain_type_to_string(config->type));
    kxl_args_add(args, "-display", "none");
    if (config->vfbs->len > 0)
        add_framebuffer(args, config->type);
    if (kxl_machine_vnc(config))
        add_vnc(args, m, kxl_machine_vnc(config));
    return TRUE;
}

gboolean kxl_args_display(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlDomainConfig *config = m->config;
    const char *keymap = config->keymap ? config->keymap : config->vnc.keymap;

    if (keymap)
        kxl_args_add(args, "-k", "%s", keymap);
    return config->type == KXL_TYPE_HVM ? add_hvm_display(args, m, error)
                                        : add_pv_display(args, m, error);
}
