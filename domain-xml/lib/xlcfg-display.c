/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vfb=, and the top-level vnc options, which an HVM guest's adapter or a PV guest's one vfb take.
 */
#include "xlcfg-devices.h"

#include <string.h>

#include "domain-xml.h"
#include "xlcfg-spec.h"

enum { MAX_DISPLAY = 65535 - 5900 };

static void take(char **field, const char *value)
{
    g_free(*field);
    *field = *value ? g_strdup(value) : NULL;
}

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
        colon = end[1] ? end + 1 : NULL;
    } else {
        if (colon && colon != strchr(text, ':'))
            colon = NULL;
        address = g_strndup(text, colon ? (gsize)(colon - text) : strlen(text));
    }
    take(&vnc->listen, address);
    return !colon || read_display(reader, place, vnc, colon + 1, error);
}

static gboolean read_bool_text(XlReader *reader, const XlValue *place, const char *text,
                               gboolean *ret_bool, GError **error)
{
    gint64 number;

    if (!xlcfg_text_to_int(text, &number))
        return xlcfg_reader_fail(reader, place, error, "'%s' is not a valid number", text);
    *ret_bool = number != 0;
    return TRUE;
}

static gboolean vfb_vnc(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                        GError **error)
{
    return read_bool_text(reader, item, text, &((KxlDeviceVfb *)device)->vnc.enable, error);
}

static gboolean vfb_listen(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                           GError **error)
{
    return read_listen(reader, item, &((KxlDeviceVfb *)device)->vnc, text, error);
}

static gboolean vfb_display(XlReader *reader, const XlValue *item, gpointer device,
                            const char *text, GError **error)
{
    return read_display(reader, item, &((KxlDeviceVfb *)device)->vnc, text, error);
}

static gboolean vfb_unused(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                           GError **error)
{
    return read_bool_text(reader, item, text, &((KxlDeviceVfb *)device)->vnc.find_unused, error);
}

static gboolean vfb_passwd(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                           GError **error)
{
    take(&((KxlDeviceVfb *)device)->vnc.passwd, text);
    return TRUE;
}

static gboolean vfb_socket(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                           GError **error)
{
    take(&((KxlDeviceVfb *)device)->vnc.socket, text);
    return TRUE;
}

static gboolean vfb_keymap(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                           GError **error)
{
    take(&((KxlDeviceVfb *)device)->vnc.keymap, text);
    return TRUE;
}

static gboolean vfb_sdl(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                        GError **error)
{
    return read_bool_text(reader, item, text, &((KxlDeviceVfb *)device)->sdl.enable, error);
}

static gboolean vfb_opengl(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                           GError **error)
{
    return read_bool_text(reader, item, text, &((KxlDeviceVfb *)device)->sdl.opengl, error);
}

static gboolean vfb_x_display(XlReader *reader, const XlValue *item, gpointer device,
                              const char *text, GError **error)
{
    take(&((KxlDeviceVfb *)device)->sdl.display, text);
    return TRUE;
}

static gboolean vfb_xauthority(XlReader *reader, const XlValue *item, gpointer device,
                               const char *text, GError **error)
{
    take(&((KxlDeviceVfb *)device)->sdl.xauthority, text);
    return TRUE;
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

static const XlSpecKey keys[] = {
    { "vnc", vfb_vnc },
    { "vnclisten", vfb_listen },
    { "vncdisplay", vfb_display },
    { "vncunused", vfb_unused },
    { "vncpasswd", vfb_passwd },
    { "vncsocket", vfb_socket },
    { "keymap", vfb_keymap },
    { "sdl", vfb_sdl },
    { "opengl", vfb_opengl },
    { "display", vfb_x_display },
    { "xauthority", vfb_xauthority },
    { "type", vfb_type },
};

static gboolean read_vfb(XlReader *reader, const XlValue *item, GError **error)
{
    KxlDeviceVfb *vfb = kxl_device_vfb_new();
    g_autoptr(GPtrArray) parts = xlcfg_spec_split(item->text);

    g_ptr_array_add(reader->config->vfbs, vfb);
    vfb->vnc.enable = TRUE;
    for (guint i = 0; i < parts->len; i++) {
        const XlSpecItem *part = parts->pdata[i];
        const char *name = part->key ? part->key : part->value;
        const XlSpecKey *key = xlcfg_spec_find(keys, G_N_ELEMENTS(keys), name, !part->key);

        if (key) {
            if (!key->read(reader, item, vfb, part->value, error))
                return FALSE;
        } else if (*name) {
            return xlcfg_reader_fail(reader, item, error, "unknown parameter '%s' in '%s'", name,
                                     item->text);
        }
    }
    return TRUE;
}

gboolean xlcfg_vfbs_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return xlcfg_reader_each(reader, value, read_vfb, error);
}

/* What the framebuffer is shown by: xm had one word for it, xl a switch for each. */
static gboolean format_vfb_kind(const KxlDeviceVfb *vfb, gboolean for_xm, GString *spec,
                                GError **error)
{
    if (for_xm)
        return xlcfg_spec_add(spec, "type", vfb->vnc.enable ? "vnc" : "sdl", error);
    return xlcfg_spec_add(spec, "vnc", vfb->vnc.enable ? "1" : "0", error) &&
           xlcfg_spec_add(spec, "sdl", vfb->sdl.enable ? "1" : NULL, error);
}

static gboolean format_vfb(const KxlDeviceVfb *vfb, gboolean for_xm, GString *spec, GError **error)
{
    g_autofree char *display =
        vfb->vnc.display >= 0 ? g_strdup_printf("%d", vfb->vnc.display) : NULL;
    const char *unused = vfb->vnc.enable ? (vfb->vnc.find_unused ? "1" : "0") : NULL;

    return format_vfb_kind(vfb, for_xm, spec, error) &&
           xlcfg_spec_add(spec, "vncunused", unused, error) &&
           xlcfg_spec_add(spec, "vncdisplay", display, error) &&
           xlcfg_spec_add(spec, "vnclisten", vfb->vnc.listen, error) &&
           xlcfg_spec_add(spec, "vncpasswd", vfb->vnc.passwd, error) &&
           xlcfg_spec_add(spec, "vncsocket", vfb->vnc.socket, error) &&
           xlcfg_spec_add(spec, "keymap", vfb->vnc.keymap, error) &&
           xlcfg_spec_add(spec, "opengl", vfb->sdl.opengl ? "1" : NULL, error) &&
           xlcfg_spec_add(spec, "display", vfb->sdl.display, error) &&
           xlcfg_spec_add(spec, "xauthority", vfb->sdl.xauthority, error);
}

gboolean xlcfg_vfbs_format(XlWriter *writer, const char *key, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < writer->config->vfbs->len; i++) {
        GString *spec = g_string_new(NULL);
        gboolean ok = format_vfb(writer->config->vfbs->pdata[i], writer->for_xm, spec, error);

        g_ptr_array_add(list, g_string_free(spec, FALSE));
        if (!ok)
            return FALSE;
    }
    xlcfg_write_list(writer, key, list);
    return TRUE;
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
    take(&reader->config->vnc.passwd, text); /* "" asks for none */
    return TRUE;
}

gboolean xlcfg_vncsocket_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *text = NULL;

    if (!xlcfg_reader_string(reader, value, &text, error))
        return FALSE;
    take(&reader->config->vnc.socket, text);
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
