/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <graphics> and <video>. */
#include "def-classes.h"

#include <string.h>

#include "domain-xml.h"

static const char *const graphics_types[] = {
    "",
    [DOMAIN_GRAPHICS_VNC] = "vnc",
    [DOMAIN_GRAPHICS_SPICE] = "spice",
    [DOMAIN_GRAPHICS_SDL] = "sdl",
    [DOMAIN_GRAPHICS_EGL_HEADLESS] = "egl-headless",
    [DOMAIN_GRAPHICS_DBUS] = "dbus",
    NULL,
};
static const char *const other_graphics_types[] = { "rdp", "desktop", NULL };
static const char *const listen_types[] = {
    "",
    [DOMAIN_LISTEN_ADDRESS] = "address",
    [DOMAIN_LISTEN_NETWORK] = "network",
    [DOMAIN_LISTEN_SOCKET] = "socket",
    [DOMAIN_LISTEN_NONE] = "none",
    NULL,
};
static const char *const share_policies[] = { "", "allow-exclusive", "force-shared", "ignore",
                                              NULL };
static const char *const connected_actions[] = { "", "fail", "disconnect", "keep", NULL };
static const char *const channel_modes[] = { "", "any", "secure", "insecure", NULL };
static const char *const channel_names[] = {
    "", "main", "display", "inputs", "cursor", "playback", "record", "smartcard", "usbredir", NULL,
};
static const char *const image_compressions[] = {
    "", "auto_glz", "auto_lz", "quic", "glz", "lz", "off", NULL,
};
static const char *const wan_compressions[] = { "", "auto", "never", "always", NULL };
static const char *const streaming_modes[] = { "", "filter", "all", "off", NULL };
static const char *const mouse_modes[] = { "", "server", "client", NULL };

static gboolean listens_on_network(const void *object)
{
    return ((const DomainListen *)object)->type == DOMAIN_LISTEN_NETWORK;
}

#define F(field) offsetof(DomainListen, field)
static const XmlRow listen_rows[] = {
    { "@type", XML_WORD, F(type), XML_REQUIRED, .words = listen_types },
    { "@address", XML_STRING, F(address) },
    { "@network", XML_STRING, F(network), XML_REQUIRED, .when = listens_on_network },
    { "@socket", XML_STRING, F(socket) },
};
#undef F

static gboolean listen_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainListen *listen = object;

    if (listen->address != NULL && *listen->address == '\0')
        g_clear_pointer(&listen->address, g_free);
    if (listen->address != NULL && listen->type != DOMAIN_LISTEN_ADDRESS &&
        listen->type != DOMAIN_LISTEN_NETWORK) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, "address",
                  "'address' attribute may only be set for listen type 'address'");
        return FALSE;
    }
    return TRUE;
}
XML_CLASS_DEFINE(domain_listen_class, DomainListen, listen_rows, listen_check)

#define F(field) offsetof(DomainSpiceChannel, field)
static const XmlRow spice_channel_rows[] = {
    { "@name", XML_STRING, F(name), XML_REQUIRED, .words = channel_names },
    { "@mode", XML_STRING, F(mode), XML_REQUIRED, .words = channel_modes },
};
#undef F
XML_CLASS_DEFINE(domain_spice_channel_class, DomainSpiceChannel, spice_channel_rows, NULL)

static gboolean is_vnc(const void *object)
{
    return ((const DomainGraphics *)object)->type == DOMAIN_GRAPHICS_VNC;
}

static gboolean is_spice(const void *object)
{
    return ((const DomainGraphics *)object)->type == DOMAIN_GRAPHICS_SPICE;
}

static gboolean is_sdl(const void *object)
{
    return ((const DomainGraphics *)object)->type == DOMAIN_GRAPHICS_SDL;
}

static gboolean is_dbus(const void *object)
{
    return ((const DomainGraphics *)object)->type == DOMAIN_GRAPHICS_DBUS;
}

static gboolean is_remote(const void *object)
{
    return is_vnc(object) || is_spice(object);
}

static gboolean has_audio(const void *object)
{
    return is_vnc(object) || is_dbus(object);
}

static gboolean has_gl(const void *object)
{
    return !is_vnc(object) &&
           ((const DomainGraphics *)object)->type != DOMAIN_GRAPHICS_EGL_HEADLESS;
}

static gboolean has_rendernode(const void *object)
{
    return !is_vnc(object) && !is_sdl(object);
}

#define F(field) offsetof(DomainGraphics, field)
static const XmlRow graphics_rows[] = {
    { "@type", XML_WORD, F(type), XML_REQUIRED | XML_KEY, .words = graphics_types,
      .refused = other_graphics_types },
    { "@socket", XML_STRING, F(socket), .when = is_vnc },
    { "@port", XML_INT, F(port), .when = is_remote },
    { "@tlsPort", XML_INT, F(tls_port), .when = is_spice },
    { "@autoport", XML_WORD, F(autoport), .words = xml_yes_no, .when = is_remote },
    { "@websocket", XML_INT, F(websocket), .when = is_vnc },
    { "@listen", XML_STRING, F(listen), .when = is_remote },
    { "@keymap", XML_STRING, F(keymap), .when = is_remote },
    { "@sharePolicy", XML_STRING, F(share_policy), .words = share_policies,
      .when = is_vnc },
    { "@powerControl", XML_STRING, F(power_control), .words = xml_yes_no,
      .when = is_vnc },
    { "@defaultMode", XML_STRING, F(default_mode), .words = channel_modes,
      .when = is_spice },
    { "@passwd", XML_STRING, F(passwd), XML_SECRET, .when = is_remote },
    { "@passwdValidTo", XML_STRING, F(passwd_valid_to), XML_SECRET, .when = is_remote },
    { "@connected", XML_STRING, F(connected), XML_SECRET, .words = connected_actions,
      .when = is_remote },
    { "@display", XML_STRING, F(display), .when = is_sdl },
    { "@xauth", XML_STRING, F(xauth), .when = is_sdl },
    { "@fullscreen", XML_STRING, F(fullscreen), .words = xml_yes_no, .when = is_sdl },
    { "@p2p", XML_STRING, F(p2p), .words = xml_yes_no, .when = is_dbus },
    { "@address", XML_STRING, F(address), .when = is_dbus },
    { "listen", XML_LIST, F(listens), .item = &domain_listen_class, .when = is_remote },
    { "channel", XML_LIST, F(spice_channels), .item = &domain_spice_channel_class,
      .when = is_spice },
    { "image/@compression", XML_STRING, F(image_compression), .words = image_compressions,
      .when = is_spice },
    { "jpeg/@compression", XML_STRING, F(jpeg_compression), .words = wan_compressions,
      .when = is_spice },
    { "zlib/@compression", XML_STRING, F(zlib_compression), .words = wan_compressions,
      .when = is_spice },
    { "playback/@compression", XML_STRING, F(playback_compression), .words = xml_on_off,
      .when = is_spice },
    { "streaming/@mode", XML_STRING, F(streaming_mode), .words = streaming_modes,
      .when = is_spice },
    { "mouse/@mode", XML_STRING, F(mouse_mode), .words = mouse_modes, .when = is_spice },
    { "clipboard/@copypaste", XML_STRING, F(clipboard_copypaste), .words = xml_yes_no,
      .when = is_spice },
    { "filetransfer/@enable", XML_STRING, F(filetransfer_enable), .words = xml_yes_no,
      .when = is_spice },
    { "gl/@enable", XML_STRING, F(gl_enable), .words = xml_yes_no, .when = has_gl },
    { "gl/@rendernode", XML_STRING, F(gl_rendernode), .when = has_rendernode },
    { "audio/@id", XML_STRING, F(audio_id), XML_DECIMAL, .when = has_audio },
};
#undef F

static DomainListen *add_listen(DomainGraphics *graphics, DomainListenType type,
                                const char *address, const char *socket)
{
    DomainListen *listen = xml_object_new(&domain_listen_class);

    listen->type = (int)type;
    listen->address = g_strdup(address);
    listen->socket = g_strdup(socket);
    g_ptr_array_add(graphics->listens, listen);
    return listen;
}

/* listen= and socket= are the old form of the first <listen>; both forms are always shown. */
static gboolean unite_listens(DomainGraphics *graphics, xmlNodePtr node, GError **error)
{
    if (graphics->listen != NULL && *graphics->listen == '\0')
        g_clear_pointer(&graphics->listen, g_free);
    if (graphics->listens->len == 0) {
        if (graphics->socket != NULL)
            add_listen(graphics, DOMAIN_LISTEN_SOCKET, NULL, graphics->socket);
        else
            add_listen(graphics, DOMAIN_LISTEN_ADDRESS, graphics->listen, NULL);
    }

    DomainListen *first = g_ptr_array_index(graphics->listens, 0);
    if (first->type == DOMAIN_LISTEN_ADDRESS) {
        if (graphics->listen != NULL && first->address != NULL &&
            strcmp(graphics->listen, first->address) != 0) {
            xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, "listen",
                      "graphics 'listen' attribute '%s' must match 'address' attribute of first "
                      "listen element "
                      "(found '%s')",
                      graphics->listen, first->address);
            return FALSE;
        }
        if (first->address == NULL)
            first->address = g_strdup(graphics->listen);
    }
    if (first->type == DOMAIN_LISTEN_SOCKET && first->socket == NULL)
        first->socket = g_strdup(graphics->socket);
    g_free(graphics->listen);
    graphics->listen = g_strdup(first->address);
    g_free(graphics->socket);
    graphics->socket = g_strdup(first->socket);
    return TRUE;
}

/* Whether the machine listens on a port at all. */
static gboolean has_port(const DomainGraphics *graphics)
{
    const DomainListen *first = g_ptr_array_index(graphics->listens, 0);
    return first->type == DOMAIN_LISTEN_ADDRESS || first->type == DOMAIN_LISTEN_NETWORK;
}

/* port=-1, or none at all, means a free one; a port given means that one unless autoport= says
 * otherwise. */
static void settle_port(DomainGraphics *graphics)
{
    gboolean is_vnc = graphics->type == DOMAIN_GRAPHICS_VNC;

    if (!has_port(graphics)) {
        graphics->port = graphics->tls_port = graphics->websocket = 0;
        graphics->autoport = DOMAIN_ABSENT;
        return;
    }
    if (graphics->autoport == DOMAIN_ABSENT) {
        gboolean any = graphics->port <= 0 && (is_vnc || graphics->tls_port <= 0);
        graphics->autoport = any ? DOMAIN_YES : DOMAIN_NO;
    }
    /* Not chosen yet: VNC shows -1, SPICE nothing. */
    if (graphics->autoport == DOMAIN_YES && graphics->port <= 0)
        graphics->port = is_vnc ? -1 : 0;
}

static gboolean graphics_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainGraphics *graphics = object;

    if (graphics->port < -1 || graphics->port > 65535) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, "port", "Invalid port number '%d'",
                  graphics->port);
        return FALSE;
    }
    if (!is_remote(graphics))
        return TRUE;
    if (!unite_listens(graphics, node, error))
        return FALSE;
    settle_port(graphics);
    return TRUE;
}
XML_CLASS_DEFINE(domain_graphics_class, DomainGraphics, graphics_rows, graphics_check)

/* ---- video ---- */

static const char *const video_models[] = {
    "", "vga", "cirrus", "vmvga", "xen", "qxl", "virtio", "bochs", "ramfb", "none", NULL,
};
static const char *const other_video_models[] = { "vbox", "parallels", "gop", "default", NULL };
static const char *const video_drivers[] = { "", "qemu", NULL };
static const char *const other_video_drivers[] = { "vhostuser", NULL };

#define F(field) offsetof(DomainVideo, field)
static const XmlRow video_rows[] = {
    { "driver/@name", XML_STRING, F(driver_name), XML_KEPT, .words = video_drivers,
      .refused = other_video_drivers },
    { "driver/@vgaconf", XML_REFUSED },
    DEVICE_VIRTIO_ROWS(DomainVideo),
    { "model/@type", XML_STRING, F(model), .words = video_models, .refused = other_video_models },
    { "model/@ram", XML_UINT, F(ram) },
    { "model/@vram", XML_UINT, F(vram) },
    { "model/@vram64", XML_UINT, F(vram64) },
    { "model/@vgamem", XML_UINT, F(vgamem) },
    { "model/@heads", XML_UINT, F(heads) },
    { "model/@primary", XML_WORD, F(primary), .words = xml_yes_no },
    { "model/acceleration/@accel3d", XML_WORD, F(accel3d), .words = xml_yes_no },
    { "model/acceleration/@accel2d", XML_WORD, F(accel2d), XML_KEPT, .words = xml_yes_no },
    { "model/acceleration/@rendernode", XML_REFUSED },
    { "model/resolution/@x", XML_UINT, F(resolution_x) },
    { "model/resolution/@y", XML_UINT, F(resolution_y) },
    DEVICE_ALIAS_ACPI_ROW(DomainVideo),
    DEVICE_ADDRESS_ROW(DomainVideo),
};
#undef F
XML_CLASS_DEFINE(domain_video_class, DomainVideo, video_rows, NULL)
