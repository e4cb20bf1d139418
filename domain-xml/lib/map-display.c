/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <graphics> and <video>: an HVM guest's adapter and its outputs, a PV guest's framebuffers. */
#include "map.h"

#include <string.h>

#include "def-classes.h"

#define VNC_FIRST_PORT 5900

/* libvirt's video models and xl.cfg(5)'s vga=. vram_kib: the size that is not worth saying. */
static const struct {
    const char *model, *vga;
    guint vram_kib;
} adapters[] = {
    { "vga", "stdvga", 16384 }, { "cirrus", "cirrus", 8192 }, { "qxl", "qxl", 131072 },
    { "virtio", "virtio", 0 },  { "none", "none", 0 },        { "xen", "stdvga", 16384 },
};
#define DEFAULT_VGA "cirrus"

/* ---- to the config ---- */

static KxlTristate tristate(const char *word)
{
    return word == NULL ? KXL_DEFAULT
                        : g_str_equal(word, "yes") || g_str_equal(word, "on") ? KXL_YES : KXL_NO;
}

typedef struct {
    const char *address; /* NULL: the default one */
    const char *socket;  /* NULL: none; "": libkxl makes one */
    gboolean none;
} Listen;

static gboolean get_listen(const DomainGraphics *graphics, Listen *ret, GError **error)
{
    const DomainListen *listen =
        graphics->listens->len > 0 ? g_ptr_array_index(graphics->listens, 0) : NULL;

    *ret = (Listen){ .address = graphics->listen };
    switch (listen != NULL ? (DomainListenType)listen->type : DOMAIN_LISTEN_ADDRESS) {
    case DOMAIN_LISTEN_SOCKET:
        ret->socket = graphics->socket != NULL ? graphics->socket : "";
        return TRUE;
    case DOMAIN_LISTEN_NONE:
        ret->none = TRUE;
        return TRUE;
    case DOMAIN_LISTEN_NETWORK:
        if (listen->address != NULL)
            return TRUE;
        return fail_check(error, UNSUPPORTED,
                          "the address of network '%s' is not known "
                          "(/domain/devices/graphics/listen/@network)",
                          listen->network);
    default:
        return TRUE;
    }
}

static gboolean map_vnc_to_config(const DomainGraphics *from, KxlVnc *to, GError **error)
{
    Listen listen;

    if (!get_listen(from, &listen, error))
        return FALSE;
    to->enable = TRUE;
    to->listen = g_strdup(listen.address);
    to->socket = g_strdup(listen.socket);
    to->no_listen = listen.none;
    to->passwd = g_strdup(from->passwd);
    to->passwd_valid_to = g_strdup(from->passwd_valid_to);
    to->websocket = from->websocket;
    to->share_policy = g_strdup(from->share_policy);
    to->power_control = tristate(from->power_control);
    to->audio = g_strdup(from->audio_id);
    to->find_unused = from->autoport != DOMAIN_NO || from->port <= 0;
    to->display = -1;
    if (to->find_unused)
        return TRUE;
    if (from->port < VNC_FIRST_PORT)
        return fail_check(error, UNSUPPORTED, "vnc port must be in range [%d,65535], not %d",
                          VNC_FIRST_PORT, from->port);
    to->display = from->port - VNC_FIRST_PORT;
    return TRUE;
}

static void map_sdl_to_config(const DomainGraphics *from, KxlSdl *to)
{
    to->enable = TRUE;
    to->display = g_strdup(from->display);
    to->xauthority = g_strdup(from->xauth);
    to->opengl = g_strcmp0(from->gl_enable, "yes") == 0;
    to->fullscreen = g_strcmp0(from->fullscreen, "yes") == 0;
}

static void map_gl_display_to_config(const DomainGraphics *from, KxlGlDisplay *to)
{
    to->enable = TRUE;
    to->p2p = g_strcmp0(from->p2p, "yes") == 0;
    to->address = g_strdup(from->address);
    to->gl = g_strcmp0(from->gl_enable, "yes") == 0;
    to->rendernode = g_strdup(from->gl_rendernode);
    to->audio = g_strdup(from->audio_id);
}

static void map_spice_tuning(const DomainGraphics *from, KxlSpice *to)
{
    to->default_mode = g_strdup(from->default_mode);
    for (guint i = 0; i < from->spice_channels->len; i++) {
        const DomainSpiceChannel *channel = g_ptr_array_index(from->spice_channels, i);
        g_autofree char *text = g_strdup_printf("%s=%s", channel->name, channel->mode);
        map_add_string(&to->channels, text);
    }
    to->image_compression = g_strdup(from->image_compression);
    to->jpeg_compression = g_strdup(from->jpeg_compression);
    to->zlib_compression = g_strdup(from->zlib_compression);
    to->streaming = g_strdup(from->streaming_mode);
    to->playback_compression = tristate(from->playback_compression);
    to->copy_paste = tristate(from->clipboard_copypaste);
    to->file_transfer = tristate(from->filetransfer_enable);
    to->gl = g_strcmp0(from->gl_enable, "yes") == 0;
    to->rendernode = g_strdup(from->gl_rendernode);
}

static gboolean map_spice_to_config(const DomainGraphics *from, KxlSpice *to, GError **error)
{
    Listen listen;

    if (!get_listen(from, &listen, error))
        return FALSE;
    to->enable = TRUE;
    to->listen = g_strdup(listen.address);
    to->socket = g_strdup(listen.socket);
    to->no_listen = listen.none;
    to->port = from->autoport == DOMAIN_YES ? -1 : from->port;
    to->tls_port = from->tls_port;
    to->passwd = g_strdup(from->passwd);
    to->passwd_valid_to = g_strdup(from->passwd_valid_to);
    to->connected = g_strdup(from->connected);
    to->disable_ticketing = from->passwd == NULL;
    to->agent_mouse = g_strcmp0(from->mouse_mode, "client") == 0;
    map_spice_tuning(from, to);
    return TRUE;
}

/* The agent in the guest, which a mouse of the client's and a shared clipboard need. */
static void map_agent_to_config(const DomainGraphics *from, KxlDomainConfig *config)
{
    if (config->spice.agent_mouse || g_strcmp0(from->clipboard_copypaste, "yes") == 0)
        map_add_extra(config, "spicevdagent", "1");
    if (from->clipboard_copypaste != NULL)
        map_add_extra(config, "spice_clipboard_sharing",
                      strcmp(from->clipboard_copypaste, "yes") == 0 ? "1" : "0");
}

static gboolean map_hvm_graphics(const DomainGraphics *graphics, KxlDomainConfig *config,
                                 GError **error)
{
    if (graphics->keymap != NULL && config->keymap == NULL)
        config->keymap = g_strdup(graphics->keymap);
    switch ((DomainGraphicsType)graphics->type) {
    case DOMAIN_GRAPHICS_VNC:
        if (config->vnc.enable)
            break;
        return map_vnc_to_config(graphics, &config->vnc, error);
    case DOMAIN_GRAPHICS_SPICE:
        if (config->spice.enable)
            break;
        if (!map_spice_to_config(graphics, &config->spice, error))
            return FALSE;
        map_agent_to_config(graphics, config);
        return TRUE;
    case DOMAIN_GRAPHICS_SDL:
        if (config->sdl.enable)
            break;
        map_sdl_to_config(graphics, &config->sdl);
        return TRUE;
    case DOMAIN_GRAPHICS_EGL_HEADLESS:
        if (config->egl_headless.enable)
            break;
        map_gl_display_to_config(graphics, &config->egl_headless);
        return TRUE;
    case DOMAIN_GRAPHICS_DBUS:
        if (config->dbus.enable)
            break;
        map_gl_display_to_config(graphics, &config->dbus);
        return TRUE;
    }
    return fail_check(error, UNSUPPORTED, "only one graphics device of each type is supported");
}

static gboolean map_pv_graphics(const DomainGraphics *graphics, KxlDomainConfig *config,
                                GError **error)
{
    KxlDeviceVfb *vfb = kxl_device_vfb_new();

    g_ptr_array_add(config->vfbs, vfb);
    if (graphics->type != DOMAIN_GRAPHICS_VNC && graphics->type != DOMAIN_GRAPHICS_SDL)
        return fail_check(error, UNSUPPORTED, "%s graphics are for hvm domains only",
                          graphics->type == DOMAIN_GRAPHICS_SPICE ? "spice" : "dbus and egl");
    if (graphics->type == DOMAIN_GRAPHICS_SDL) {
        map_sdl_to_config(graphics, &vfb->sdl);
        return TRUE;
    }
    vfb->vnc.keymap = g_strdup(graphics->keymap);
    return map_vnc_to_config(graphics, &vfb->vnc, error);
}

/* What vga= and videoram= cannot say. */
static gboolean is_more_than_vga(const DomainVideo *video)
{
    gboolean is_named = FALSE;

    for (guint i = 0; i < G_N_ELEMENTS(adapters); i++)
        is_named |= strcmp(video->model, adapters[i].model) == 0;
    return !is_named || video->ram != 0 || video->vram64 != 0 || video->vgamem != 0 ||
           video->heads > 1 || video->accel3d == DOMAIN_YES || video->resolution_x != 0 ||
           map_has_bus_options(&video->info);
}

static void add_video(const DomainVideo *from, KxlDomainConfig *config)
{
    KxlDeviceVideo *to = kxl_device_video_new();

    to->model = g_strdup(strcmp(from->model, "xen") == 0 ? "vga" : from->model);
    to->ram_kb = from->ram;
    to->vram_kb = from->vram;
    to->vram64_kb = from->vram64;
    to->vgamem_kb = from->vgamem;
    to->heads = from->heads;
    to->accel3d = from->accel3d == DOMAIN_YES;
    to->width = from->resolution_x;
    to->height = from->resolution_y;
    map_bus_options(&from->info, &to->address);
    g_ptr_array_add(config->videos, to);
}

static void map_vga_to_config(const DomainVideo *video, KxlDomainConfig *config)
{
    for (guint i = 0; i < G_N_ELEMENTS(adapters); i++) {
        if (strcmp(video->model, adapters[i].model) != 0)
            continue;
        if (strcmp(adapters[i].vga, DEFAULT_VGA) != 0)
            config->vga = g_strdup(adapters[i].vga);
        if (video->vram != adapters[i].vram_kib)
            config->video_memkb = video->vram;
        return;
    }
    config->vga = g_strdup(video->model);
}

static void map_videos_to_config(const DomainDef *def, KxlDomainConfig *config)
{
    if (def->videos->len == 0) {
        config->vga = g_strdup("none");
        return;
    }
    map_vga_to_config(g_ptr_array_index(def->videos, 0), config);
    if (def->videos->len == 1 && !is_more_than_vga(g_ptr_array_index(def->videos, 0)))
        return;
    for (guint i = 0; i < def->videos->len; i++)
        add_video(g_ptr_array_index(def->videos, i), config);
}

gboolean map_display_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    gboolean is_hvm = config->type == KXL_TYPE_HVM;

    config->vnc.enable = FALSE;
    for (guint i = 0; i < def->graphics->len; i++) {
        const DomainGraphics *graphics = g_ptr_array_index(def->graphics, i);
        if (!(is_hvm ? map_hvm_graphics : map_pv_graphics)(graphics, config, error))
            return FALSE;
    }
    if (!is_hvm)
        return TRUE;
    config->nographic = def->graphics->len == 0 && def->videos->len == 0;
    map_videos_to_config(def, config);
    return TRUE;
}

/* ---- from the config ---- */

static void set_listen(DomainGraphics *graphics, const char *address, const char *socket)
{
    DomainListen *listen = xml_object_new(&domain_listen_class);

    listen->type = socket != NULL ? DOMAIN_LISTEN_SOCKET : DOMAIN_LISTEN_ADDRESS;
    listen->address = g_strdup(socket != NULL ? NULL : address);
    listen->socket = g_strdup(socket);
    graphics->listen = g_strdup(listen->address);
    graphics->socket = g_strdup(socket);
    g_ptr_array_add(graphics->listens, listen);
}

static DomainGraphics *add_graphics(DomainDef *def, DomainGraphicsType type)
{
    DomainGraphics *graphics = domain_graphics_new();

    graphics->type = (int)type;
    g_ptr_array_add(def->graphics, graphics);
    return graphics;
}

static void map_vnc_from_config(const KxlVnc *from, const char *keymap, DomainDef *def)
{
    DomainGraphics *to = add_graphics(def, DOMAIN_GRAPHICS_VNC);

    set_listen(to, from->listen, from->socket);
    to->passwd = g_strdup(from->passwd);
    to->keymap = g_strdup(keymap);
    if (from->socket != NULL)
        return;
    to->autoport = from->find_unused ? DOMAIN_YES : DOMAIN_NO;
    to->port = from->find_unused ? -1 : VNC_FIRST_PORT + MAX(from->display, 0);
}

static void map_sdl_from_config(const KxlSdl *from, DomainDef *def)
{
    DomainGraphics *to = add_graphics(def, DOMAIN_GRAPHICS_SDL);

    to->display = g_strdup(from->display);
    to->xauth = g_strdup(from->xauthority);
    if (from->opengl)
        to->gl_enable = g_strdup("yes");
}

static gboolean extra_is_on(const KxlDomainConfig *config, const char *key)
{
    return g_strcmp0(map_find_extra(config, key), "1") == 0;
}

static void map_spice_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    const KxlSpice *from = &config->spice;
    DomainGraphics *to = add_graphics(def, DOMAIN_GRAPHICS_SPICE);

    set_listen(to, from->listen, NULL);
    to->keymap = g_strdup(config->keymap);
    to->autoport = from->port <= 0 && from->tls_port <= 0 ? DOMAIN_YES : DOMAIN_NO;
    to->port = MAX(from->port, 0);
    to->tls_port = MAX(from->tls_port, 0);
    if (!from->disable_ticketing)
        to->passwd = g_strdup(from->passwd);
    to->mouse_mode = g_strdup(from->agent_mouse ? "client" : "server");
    to->image_compression = g_strdup(from->image_compression);
    to->streaming_mode = g_strdup(from->streaming);
    if (extra_is_on(config, "spicevdagent"))
        to->clipboard_copypaste =
            g_strdup(extra_is_on(config, "spice_clipboard_sharing") ? "yes" : "no");
}

static void map_video_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    const char *vga = config->vga != NULL ? config->vga : DEFAULT_VGA;
    gboolean is_none = strcmp(vga, "none") == 0;

    if (is_none || (def->graphics->len == 0 && config->vga == NULL))
        return;
    DomainVideo *video = domain_video_new();
    g_ptr_array_add(def->videos, video);
    for (guint i = 0; i < G_N_ELEMENTS(adapters) && video->model == NULL; i++)
        if (strcmp(vga, adapters[i].vga) == 0)
            video->model = g_strdup(adapters[i].model);
    video->vram = (guint)MIN(config->video_memkb, G_MAXUINT);
}

gboolean map_display_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    /* An HVM guest's display is its adapter's. */
    for (guint i = 0; config->type != KXL_TYPE_HVM && i < config->vfbs->len; i++) {
        const KxlDeviceVfb *vfb = g_ptr_array_index(config->vfbs, i);
        if (vfb->vnc.enable)
            map_vnc_from_config(&vfb->vnc, vfb->vnc.keymap, def);
        if (vfb->sdl.enable)
            map_sdl_from_config(&vfb->sdl, def);
    }
    if (config->type != KXL_TYPE_HVM)
        return TRUE;
    if (config->spice.enable)
        map_spice_from_config(config, def);
    if (config->vnc.enable)
        map_vnc_from_config(&config->vnc, config->keymap, def);
    if (config->sdl.enable)
        map_sdl_from_config(&config->sdl, def);
    map_video_from_config(config, def);
    return TRUE;
}
