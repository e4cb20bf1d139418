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

/* Where it listens: an address or a socket; NULL, NULL is the default address. */
static gboolean get_listen(const DomainGraphics *graphics, const char **ret_address,
                           const char **ret_socket, GError **error)
{
    const DomainListen *listen =
        graphics->listens->len > 0 ? g_ptr_array_index(graphics->listens, 0) : NULL;

    *ret_address = graphics->listen;
    *ret_socket = graphics->socket;
    if (listen == NULL || listen->type == DOMAIN_LISTEN_ADDRESS)
        return TRUE;
    if (listen->type == DOMAIN_LISTEN_SOCKET && graphics->type == DOMAIN_GRAPHICS_VNC &&
        *ret_socket != NULL)
        return TRUE;
    if (listen->type == DOMAIN_LISTEN_NETWORK && listen->address != NULL)
        return TRUE;
    return fail_check(error, UNSUPPORTED,
                      "unsupported listen type of graphics (/domain/devices/graphics/listen)");
}

static gboolean map_vnc_to_config(const DomainGraphics *from, KxlVnc *to, GError **error)
{
    const char *address, *socket;

    if (!get_listen(from, &address, &socket, error))
        return FALSE;
    to->enable = TRUE;
    to->listen = g_strdup(address);
    to->socket = g_strdup(socket);
    to->passwd = g_strdup(from->passwd);
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
}

static gboolean map_spice_to_config(const DomainGraphics *from, KxlSpice *to, GError **error)
{
    const char *address, *socket;

    if (!get_listen(from, &address, &socket, error))
        return FALSE;
    to->enable = TRUE;
    to->listen = g_strdup(address);
    to->port = from->autoport == DOMAIN_YES ? -1 : from->port;
    to->tls_port = from->tls_port;
    to->passwd = g_strdup(from->passwd);
    to->disable_ticketing = from->passwd == NULL;
    to->agent_mouse = g_strcmp0(from->mouse_mode, "client") == 0;
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
    }
    return fail_check(error, UNSUPPORTED, "only one graphics device of each type is supported");
}

static gboolean map_pv_graphics(const DomainGraphics *graphics, KxlDomainConfig *config,
                                GError **error)
{
    KxlDeviceVfb *vfb = kxl_device_vfb_new();

    g_ptr_array_add(config->vfbs, vfb);
    if (graphics->type == DOMAIN_GRAPHICS_SPICE)
        return fail_check(error, UNSUPPORTED, "spice graphics are for hvm domains only");
    if (graphics->type == DOMAIN_GRAPHICS_SDL) {
        map_sdl_to_config(graphics, &vfb->sdl);
        return TRUE;
    }
    vfb->vnc.keymap = g_strdup(graphics->keymap);
    return map_vnc_to_config(graphics, &vfb->vnc, error);
}

static gboolean map_video_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    if (def->videos->len == 0) {
        config->vga = g_strdup("none");
        return TRUE;
    }
    const DomainVideo *video = g_ptr_array_index(def->videos, 0);
    for (guint i = 0; i < G_N_ELEMENTS(adapters); i++) {
        if (g_strcmp0(video->model, adapters[i].model) != 0)
            continue;
        if (strcmp(adapters[i].vga, DEFAULT_VGA) != 0)
            config->vga = g_strdup(adapters[i].vga);
        if (video->vram != adapters[i].vram_kib)
            config->video_memkb = video->vram;
        return TRUE;
    }
    return fail_check(error, UNSUPPORTED, "video type %s is not supported by libxl", video->model);
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
    return map_video_to_config(def, config, error);
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
    for (guint i = 0; i < config->vfbs->len; i++) {
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
