/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vfb=, and the top-level vnc options, which an HVM guest's adapter or a PV guest's one vfb
 * take. */
#include "xlcfg-devices.h"

#include <string.h>

#include "domain-xml.h"
#include "xlcfg-spec.h"

enum { MAX_DISPLAY = 65535 - 5900 };

/* N, and :N as some files have it. */
static gboolean read_display(XlReader *reader, const XlValue *place, KxlVnc *vnc, const char *text,
                             GError **error)
{
    gint64 number;

    if (!xlcfg_text_to_int(*text == ':' ? text + 1 : text, &number) || number < 0 ||
        number > MAX_DISPLAY)
        return xlcfg_reader_fail(reader, place, error, "'%s' is no display number", text);
    if (vnc->display >= 0 && vnc->display != number)
        return xlcfg_reader_fail(reader, place, error,
                                 "Display specified both in vnclisten and vncdisplay!");
    vnc->display = (int)number;
    return TRUE;
}

static gboolean is_ipv6(const char *text)
{
    const char *colon = strchr(text, ':');

    return colon && strchr(colon + 1, ':') && !strchr(text, '[');
}

/* ADDRESS[:DISPLAY]. An IPv6 address with a display stands in brackets. */
static gboolean read_listen(XlReader *reader, const XlValue *place, KxlVnc *vnc, const char *text,
                            GError **error)
{
    const char *colon = strrchr(text, ':');
    g_autofree char *address = NULL;

    if (*text == '[') {
        const char *end = strchr(text, ']');

        if (!end || (end[1] && end[1] != ':'))
            return xlcfg_reader_fail(reader, place, error, "'%s' is no address", text);
        address = g_strndup(text + 1, (gsize)(end - text - 1));
        if (!is_ipv6(address))
            return xlcfg_reader_fail(reader, place, error, "'%s' is no address", text);
        colon = end[1] ? end + 1 : NULL;
    } else {
        if (colon && colon != strchr(text, ':'))
            colon = NULL;
        address = g_strndup(text, colon ? (gsize)(colon - text) : strlen(text));
    }
    xlcfg_spec_set(&vnc->listen, address);
    return !colon || read_display(reader, place, vnc, colon + 1, error);
}

static gboolean vfb_vnc(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                        GError **error)
{
    gint64 number;

    if (!xlcfg_text_to_int(text, &number))
        return xlcfg_reader_fail(reader, item, error, "'%s' is not a valid number", text);
    ((KxlDeviceVfb *)device)->vnc.enable = number != 0;
    return TRUE;
}

static char *write_vnc(gconstpointer device)
{
    return g_strdup(((const KxlDeviceVfb *)device)->vnc.enable ? "1" : "0");
}

static gboolean vfb_unused(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                           GError **error)
{
    gint64 number;

    if (!xlcfg_text_to_int(text, &number))
        return xlcfg_reader_fail(reader, item, error, "'%s' is not a valid number", text);
    ((KxlDeviceVfb *)device)->vnc.find_unused = number != 0;
    return TRUE;
}

static char *write_unused(gconstpointer device)
{
    const KxlVnc *vnc = &((const KxlDeviceVfb *)device)->vnc;

    return vnc->enable || !vnc->find_unused ? g_strdup(vnc->find_unused ? "1" : "0") : NULL;
}

static gboolean vfb_listen(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                           GError **error)
{
    return read_listen(reader, item, &((KxlDeviceVfb *)device)->vnc, text, error);
}

static char *write_listen(gconstpointer device)
{
    return g_strdup(((const KxlDeviceVfb *)device)->vnc.listen);
}

static gboolean vfb_display(XlReader *reader, const XlValue *item, gpointer device,
                            const char *text, GError **error)
{
    return read_display(reader, item, &((KxlDeviceVfb *)device)->vnc, text, error);
}

static char *write_display(gconstpointer device)
{
    int display = ((const KxlDeviceVfb *)device)->vnc.display;

    return display < 0 ? NULL : g_strdup_printf("%d", display);
}

/* xm: one kind of display. */
static gboolean vfb_type(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                         GError **error)
{
    KxlDeviceVfb *vfb = device;

    if (strcmp(text, "vnc") != 0 && strcmp(text, "sdl") != 0)
        return xlcfg_reader_fail(reader, item, error, "type is vnc or sdl, not '%s'", text);
    vfb->sdl.enable = !strcmp(text, "sdl");
    vfb->vnc.enable = !vfb->sdl.enable;
    return TRUE;
}

#define FIELD(key, kind, member)                                                                   \
    {                                                                                              \
        key, kind, G_STRUCT_OFFSET(KxlDeviceVfb, member)                                           \
    }
#define OTHER(key, read, write)                                                                    \
    {                                                                                              \
        key, XL_SPEC_OTHER, 0, 0, FALSE, read, write                                               \
    }

static const XlSpecKey keys[] = {
    OTHER("vnc", vfb_vnc, write_vnc),
    OTHER("vncunused", vfb_unused, write_unused),
    OTHER("vncdisplay", vfb_display, write_display),
    OTHER("vnclisten", vfb_listen, write_listen),
    FIELD("vncpasswd", XL_SPEC_STRING, vnc.passwd),
    FIELD("vncsocket", XL_SPEC_STRING, vnc.socket),
    FIELD("keymap", XL_SPEC_STRING, vnc.keymap),
    FIELD("sdl", XL_SPEC_BOOL, sdl.enable),
    FIELD("opengl", XL_SPEC_BOOL, sdl.opengl),
    FIELD("display", XL_SPEC_STRING, sdl.display),
    FIELD("xauthority", XL_SPEC_STRING, sdl.xauthority),
    OTHER("type", vfb_type, NULL),
};

static gboolean read_vfb(XlReader *reader, const XlValue *item, GError **error)
{
    KxlDeviceVfb *vfb = kxl_device_vfb_new();

    g_ptr_array_add(reader->config->vfbs, vfb);
    vfb->vnc.enable = TRUE;
    return xlcfg_spec_read(reader, item, keys, G_N_ELEMENTS(keys), vfb, error);
}

gboolean xlcfg_vfbs_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return xlcfg_reader_each(reader, value, read_vfb, error);
}

gboolean xlcfg_vfbs_format(XlWriter *writer, const char *key, GError **error)
{
    return xlcfg_spec_write_list(writer, key, keys, G_N_ELEMENTS(keys), writer->config->vfbs,
                                 error);
}

gboolean xlcfg_vnc_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gboolean on;

    if (!xlcfg_reader_bool(reader, value, &on, error))
        return FALSE;
    reader->vnc = on ? KXL_YES : KXL_NO;
    reader->config->vnc.enable = on;
    return TRUE;
}

gboolean xlcfg_vnclisten_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *text = NULL;

    return xlcfg_reader_string(reader, value, &text, error) &&
           read_listen(reader, value, &reader->config->vnc, text, error);
}

gboolean xlcfg_vncdisplay_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *text = NULL;

    return xlcfg_reader_string(reader, value, &text, error) &&
           read_display(reader, value, &reader->config->vnc, text, error);
}

gboolean xlcfg_vncunused_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return xlcfg_reader_bool(reader, value, &reader->config->vnc.find_unused, error);
}

gboolean xlcfg_vncpasswd_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *text = NULL;

    if (!xlcfg_reader_string(reader, value, &text, error))
        return FALSE;
    xlcfg_spec_set(&reader->config->vnc.passwd, text); /* "" asks for none */
    return TRUE;
}

gboolean xlcfg_vncsocket_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *text = NULL;

    if (!xlcfg_reader_string(reader, value, &text, error))
        return FALSE;
    xlcfg_spec_set(&reader->config->vnc.socket, text);
    return TRUE;
}

gboolean xlcfg_sdl_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return xlcfg_reader_bool(reader, value, &reader->config->sdl.enable, error);
}

gboolean xlcfg_vnc_format(XlWriter *writer, const char *key, GError **error)
{
    const KxlVnc *vnc = &writer->config->vnc;

    if (writer->config->type != KXL_TYPE_HVM)
        return TRUE; /* it is in vfb */
    xlcfg_write_int(writer, "sdl", writer->config->sdl.enable);
    xlcfg_write_int(writer, "vnc", vnc->enable);
    if (vnc->enable || !vnc->find_unused)
        xlcfg_write_int(writer, "vncunused", vnc->find_unused);
    if (vnc->display >= 0)
        xlcfg_write_int(writer, "vncdisplay", vnc->display);
    xlcfg_write_string(writer, "vnclisten", vnc->listen);
    xlcfg_write_string(writer, "vncpasswd", vnc->passwd);
    xlcfg_write_string(writer, "vncsocket", vnc->socket);
    return TRUE;
}

/* Of a SPICE display these are written whatever they are: xl's defaults are not libvirt's. */
gboolean xlcfg_disable_ticketing_format(XlWriter *writer, const char *key, GError **error)
{
    if (writer->config->spice.enable || writer->config->spice.disable_ticketing)
        xlcfg_write_int(writer, key, writer->config->spice.disable_ticketing);
    return TRUE;
}

gboolean xlcfg_agent_mouse_format(XlWriter *writer, const char *key, GError **error)
{
    if (writer->config->spice.enable || writer->config->spice.agent_mouse)
        xlcfg_write_int(writer, key, writer->config->spice.agent_mouse);
    return TRUE;
}

static void clear_display(KxlDomainConfig *config)
{
    g_autoptr(KxlDomainConfig) fresh = kxl_domain_config_new();

    g_free(config->vnc.listen);
    g_free(config->vnc.passwd);
    g_free(config->vnc.socket);
    g_free(config->vnc.keymap);
    g_free(config->sdl.display);
    g_free(config->sdl.xauthority);
    config->vnc = fresh->vnc;
    config->sdl = fresh->sdl;
    memset(&fresh->vnc, 0, sizeof fresh->vnc);
    memset(&fresh->sdl, 0, sizeof fresh->sdl);
}

void xlcfg_display_finish(XlReader *reader)
{
    KxlDomainConfig *config = reader->config;
    gboolean wanted = reader->vnc == KXL_YES || config->sdl.enable;
    KxlDeviceVfb *vfb;

    if (config->type == KXL_TYPE_HVM) {
        if (reader->vnc == KXL_DEFAULT)
            config->vnc.enable = !config->nographic;
        if (config->vfbs->len > 0)
            xlcfg_reader_warn(reader, NULL,
                              "vfb= has no effect: an HVM guest's display is its adapter's");
        return;
    }
    if (wanted && config->vfbs->len) {
        xlcfg_reader_warn(reader, NULL, "vnc= and sdl= have no effect beside vfb=");
    } else if (wanted) {
        vfb = kxl_device_vfb_new();
        g_ptr_array_add(config->vfbs, vfb);
        vfb->vnc = config->vnc;
        vfb->vnc.enable = reader->vnc != KXL_NO;
        vfb->vnc.keymap = g_steal_pointer(&config->keymap);
        vfb->sdl = config->sdl;
        memset(&config->vnc, 0, sizeof config->vnc);
        memset(&config->sdl, 0, sizeof config->sdl);
    }
    clear_display(config);
}
