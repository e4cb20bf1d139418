/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virsh domxml-from-native and domxml-to-native. The mapping does the work; here is only what the
 * two formats' files mean beyond what a KxlDomainConfig can say.
 */
#include <string.h>

#include "map.h"
#include "native-loss.h"
#include "seclabel.h"
#include "xlcfg-options.h"
#include "xlcfg-syntax.h"

#define VNC_PORT 5900 /* of display 0 */

/* What libvirt shows as the loader of every HVM guest converted on Debian; it means the default
 * firmware. */
#define XEN_LOADER "/usr/lib/xen/boot/hvmloader"

typedef enum { NATIVE_XL, NATIVE_XM } NativeFormat;

static gboolean find_format(const char *name, NativeFormat *ret_format, GError **error)
{
    static const char *const names[] = { [NATIVE_XL] = "xen-xl", [NATIVE_XM] = "xen-xm" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_strcmp0(name, names[i]) == 0) {
            *ret_format = (NativeFormat)i;
            return TRUE;
        }
    }
    return fail_check(error, INVALID_ARG, "unsupported config type %s",
                      name != NULL ? name : "(none)");
}

/* ---- from native ---- */

static const XlSetting *find_setting(const GPtrArray *settings, const char *key)
{
    for (guint i = 0; i < settings->len; i++) {
        const XlSetting *setting = g_ptr_array_index(settings, i);
        if (strcmp(setting->key, key) == 0)
            return setting;
    }
    return NULL;
}

/* xend named its back ends by prefixes, which xl only skips. Without one, devices and empty drives
 * were phy. */
static void set_xm_backend(KxlDeviceDisk *disk, const char *spec)
{
    static const char *const prefixes[] = { "phy", "file", "tap2", "tap" };
    gboolean is_device = disk->path == NULL || g_str_has_prefix(disk->path, "/dev/");
    const char *backend = is_device ? "phy" : "file";

    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        gsize n = strlen(prefixes[i]);
        if (strncmp(spec, prefixes[i], n) == 0 && spec[n] == ':')
            backend = prefixes[i];
    }
    g_free(disk->backendtype);
    disk->backendtype = g_strdup(backend);
}

/* The entries of a list; NULL: it is none, or not there. */
static const GPtrArray *find_list(const GPtrArray *settings, const char *key)
{
    const XlSetting *setting = find_setting(settings, key);

    return setting != NULL && setting->value != NULL ? setting->value->items : NULL;
}

static void set_xm_backends(KxlDomainConfig *config, const GPtrArray *settings)
{
    const GPtrArray *specs = find_list(settings, "disk");

    for (guint i = 0; specs != NULL && i < MIN(specs->len, config->disks->len); i++) {
        const XlValue *spec = g_ptr_array_index(specs, i);
        set_xm_backend(g_ptr_array_index(config->disks, i), spec->text != NULL ? spec->text : "");
    }
}

/* What an entry has between commas. */
static char **split(const XlValue *entry)
{
    return g_strsplit(entry != NULL && entry->text != NULL ? entry->text : "", ",", -1);
}

/* libvirt reads a rate's M and G as binary multiples of KB, though xl's are decimal. */
static void set_rate(DomainInterface *interface, const char *rate)
{
    char *unit;
    guint64 kb = g_ascii_strtoull(rate, &unit, 10);
    guint shift = *unit == 'M' ? 10 : *unit == 'G' ? 20 : 0;

    if (shift == 0 || interface->outbound == NULL || kb > G_MAXUINT32)
        return;
    interface->outbound->average = (kb << shift) / (unit[1] == 'b' ? 8 : 1);
}

static void set_rates(DomainDef *def, const GPtrArray *settings)
{
    const GPtrArray *specs = find_list(settings, "vif");

    for (guint i = 0; specs != NULL && i < MIN(specs->len, def->interfaces->len); i++) {
        g_auto(GStrv) parts = split(g_ptr_array_index(specs, i));

        for (char **part = parts; *part != NULL; part++)
            if (g_str_has_prefix(g_strstrip(*part), "rate="))
                set_rate(g_ptr_array_index(def->interfaces, i), *part + strlen("rate="));
    }
}

/* A framebuffer with a display's number is one at that port to libvirt, unless the file asks for
 * any free one; xl would only begin its search there. */
static void set_vfb_port(DomainDef *def, const GPtrArray *settings)
{
    const GPtrArray *specs = find_list(settings, "vfb");
    DomainGraphics *graphics = def->graphics->len > 0 ? def->graphics->pdata[0] : NULL;
    g_auto(GStrv) parts =
        split(specs != NULL && specs->len > 0 ? g_ptr_array_index(specs, 0) : NULL);
    gint64 display = -1;

    for (char **part = parts; *part != NULL; part++) {
        if (g_str_has_prefix(g_strstrip(*part), "vncunused="))
            return;
        if (g_str_has_prefix(*part, "vncdisplay="))
            display = g_ascii_strtoll(*part + strlen("vncdisplay="), NULL, 10);
    }
    if (graphics == NULL || graphics->type != DOMAIN_GRAPHICS_VNC || display < 0 ||
        display > G_MAXUINT16 - VNC_PORT)
        return;
    graphics->port = VNC_PORT + (int)display;
    graphics->autoport = DOMAIN_NO;
}

/* Xen's one security driver. */
#define XSM_MODEL "flask"

/* xl.cfg(5) seclabel=. Those of a stub domain and of the time of building have no word in libvirt's
 * XML, and nothing here that would bear them. */
static void set_seclabel(DomainDef *def, const GPtrArray *settings)
{
    const XlSetting *setting = find_setting(settings, "seclabel");
    const XlValue *value = setting != NULL ? setting->value : NULL;

    if (value != NULL && value->kind == XL_VALUE_STRING && *value->text != '\0')
        domain_label_add(def, XSM_MODEL, value->text);
}

DomainDef *domain_def_from_native(const char *format, const char *text, const DomainXmlCaps *caps,
                                  void (*random)(guint8 *buf, gsize len), GError **error)
{
    DomainXmlCaps conversion = *caps;
    NativeFormat native;

    if (!find_format(format, &native, error))
        return NULL;
    g_autoptr(GPtrArray) settings = xlcfg_syntax_parse(text, "(config)", error);
    if (settings == NULL)
        return NULL;
    g_autoptr(KxlDomainConfig) config = xl_cfg_parse(text, "(config)", NULL, error);
    if (config == NULL)
        return NULL;
    if (native == NATIVE_XM)
        set_xm_backends(config, settings);
    /* xl destroys a crashed guest unless told otherwise; libvirt has always read such a file as a
     * restart. */
    if (find_setting(settings, "on_crash") == NULL)
        config->on_crash = KXL_ACTION_RESTART;

    conversion.for_conversion = TRUE;
    if (conversion.loader == NULL)
        conversion.loader = XEN_LOADER;
    g_autoptr(DomainDef) def = domain_def_from_config(config, &conversion, error);
    if (def == NULL)
        return NULL;
    set_rates(def, settings);
    set_vfb_port(def, settings);
    set_seclabel(def, settings);
    if (!domain_def_complete(def, &conversion, random, error))
        return NULL;
    return g_steal_pointer(&def);
}

/* ---- to native ---- */

/* blktap's word for what an image is. */
static const char *tap_type(const DomainDisk *disk)
{
    const char *type = disk->driver_type != NULL ? disk->driver_type : "raw";

    return strcmp(type, "raw") == 0 ? "aio" : strcmp(type, "vpc") == 0 ? "vhd" : type;
}

/* PREFIX:PATH,VDEV[:cdrom],ACCESS */
static char *format_xm_disk(const DomainDisk *disk)
{
    gboolean is_raw = strcmp(tap_type(disk), "aio") == 0;
    const char *driver = g_strcmp0(disk->driver_name, "qemu") != 0 ? disk->driver_name : NULL;
    gboolean is_cdrom = disk->device == DOMAIN_DISK_DEVICE_CDROM;
    GString *spec = g_string_new(NULL);

    if (disk->source != NULL) {
        if (driver == NULL)
            driver = disk->type == DOMAIN_DISK_BLOCK ? "phy" : "file";
        /* The others know raw images only. */
        if (!is_raw && !is_cdrom && !g_str_has_prefix(driver, "tap"))
            driver = "tap";
        g_string_append_printf(spec, "%s:", driver);
        if (g_str_has_prefix(driver, "tap"))
            g_string_append_printf(spec, "%s:", tap_type(disk));
        g_string_append(spec, disk->source);
    }
    g_string_append_printf(spec, ",%s%s,%s", disk->target, is_cdrom ? ":cdrom" : "",
                           disk->readonly    ? "r"
                           : disk->shareable ? "!"
                                             : "w");
    return g_string_free(spec, FALSE);
}

/* fda = PATH, fdb = PATH */
static void append_xm_floppy(const DomainDisk *disk, GString *text)
{
    if (disk->source == NULL)
        return;
    g_string_append_printf(text, "%s = ", disk->target);
    xlcfg_string_append_quoted(disk->source, text);
    g_string_append_c(text, '\n');
}

static gboolean append_xm_disks(const DomainDef *def, GString *text, GError **error)
{
    g_autoptr(XlValue) list = xlcfg_value_new_list(0, 0);

    for (guint i = 0; i < def->disks->len; i++) {
        const DomainDisk *disk = g_ptr_array_index(def->disks, i);
        if (disk->device == DOMAIN_DISK_DEVICE_FLOPPY) {
            append_xm_floppy(disk, text);
            continue;
        }
        if (disk->type == DOMAIN_DISK_NETWORK ||
            (disk->source != NULL && strchr(disk->source, ',') != NULL))
            return fail_check(error, UNSUPPORTED,
                              "disk '%s' is not supported by xen-xm "
                              "(/domain/devices/disk[%u]/source)",
                              disk->target, i + 1);
        g_autofree char *spec = format_xm_disk(disk);
        g_ptr_array_add(list->items, xlcfg_value_new_atom(XL_VALUE_STRING, spec, 0, 0));
    }
    if (list->items->len > 0) {
        g_string_append(text, "disk = ");
        xlcfg_value_append_text(list, text);
        g_string_append_c(text, '\n');
    }
    return TRUE;
}

/* A list's strings with one part of each, between commas, changed: { from, to } pairs, ends with
 * NULL. A part whose substitute is "" is left out. */
static void change_parts(XlValue *list, const char *const (*changes)[2])
{
    for (guint i = 0; list->kind == XL_VALUE_LIST && i < list->items->len; i++) {
        XlValue *item = g_ptr_array_index(list->items, i);
        g_auto(GStrv) parts = g_strsplit(item->text != NULL ? item->text : "", ",", -1);
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint j = 0; parts[j] != NULL; j++) {
            const char *part = parts[j];
            for (guint k = 0; changes[k][0] != NULL; k++)
                if (strcmp(part, changes[k][0]) == 0)
                    part = changes[k][1];
            if (*part != '\0')
                g_string_append_printf(text, "%s%s", text->len > 0 ? "," : "", part);
        }
        g_free(item->text);
        item->text = g_strdup(text->str);
    }
}

static XlValue *join_words(const XlValue *list)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < list->items->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "",
                               ((const XlValue *)g_ptr_array_index(list->items, i))->text);
    return xlcfg_value_new_atom(XL_VALUE_STRING, text->str, 0, 0);
}

/* xm's names and words for what xl calls otherwise. */
static void append_xm_setting(const XlSetting *setting, GString *text)
{
    static const char *const vfb_parts[][2] = {
        { "vnc=1", "type=vnc" }, { "vnc=0", "" }, { "sdl=1", "type=sdl" }, { NULL, NULL }
    };
    static const char *const vif_parts[][2] = { { "type=vif", "type=netfront" }, { NULL, NULL } };
    gboolean is_args =
        strcmp(setting->key, "bootloader_args") == 0 && setting->value->kind == XL_VALUE_LIST;
    g_autoptr(XlValue) value =
        is_args ? join_words(setting->value) : xlcfg_value_dup(setting->value);
    const char *key = setting->key;

    if (is_args)
        key = "bootargs";
    else if (strcmp(key, "cmdline") == 0)
        key = "extra";
    else if (strcmp(key, "vfb") == 0)
        change_parts(value, vfb_parts);
    else if (strcmp(key, "vif") == 0)
        change_parts(value, vif_parts);
    g_string_append_printf(text, "%s = ", key);
    xlcfg_value_append_text(value, text);
    g_string_append_c(text, '\n');
}

static char *to_xm(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    if (config->serials->len > 1) {
        fail_check(error, UNSUPPORTED,
                   "Multiple serial devices are not supported by xen-xm "
                   "(/domain/devices/serial[2])");
        return NULL;
    }
    /* What xl calls a firmware's path was an HVM guest's kernel. UEFI came with xl: its bios
     * stays. */
    if (config->type == KXL_TYPE_HVM && config->kernel == NULL &&
        g_strcmp0(def->loader_type, "pflash") != 0)
        config->kernel = g_strdup(def->loader);
    g_clear_pointer(&config->firmware_path, g_free);
    g_ptr_array_set_size(config->disks, 0);

    g_autofree char *xl = xl_cfg_format(config, error);
    g_autoptr(GPtrArray) settings = xl != NULL ? xlcfg_syntax_parse(xl, "(config)", error) : NULL;
    if (settings == NULL)
        return NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < settings->len; i++)
        append_xm_setting(g_ptr_array_index(settings, i), text);
    if (!append_xm_disks(def, text, error))
        return NULL;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Xen has one security driver, whose label xl's file says; labels of others are nothing to it. */
static gboolean add_seclabel(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    static const char *const models[] = { XSM_MODEL, "xsm", "", NULL };
    guint at = 0;

    for (;;) {
        g_autoptr(DomainLabel) label = domain_label_next(def, &at);
        if (label == NULL)
            return TRUE;
        if (!g_strv_contains(models, label->model))
            return fail_check(error, UNSUPPORTED,
                              "Unable to find security driver for model %s (/domain/seclabel[%u])",
                              label->model, label->number);
        if (*label->label == '\0')
            return fail_check(error, SYNTAX, "security label is missing (/domain/seclabel[%u])",
                              label->number);
        if (map_find_extra(config, "seclabel") != NULL)
            return fail_check(error, UNSUPPORTED,
                              "a domain of Xen's has one security label (/domain/seclabel[%u])",
                              label->number);
        g_autoptr(GString) quoted = g_string_new(NULL);
        xlcfg_string_append_quoted(label->label, quoted);
        map_add_extra(config, "seclabel", quoted->str);
    }
}

/* What xl.cfg(5) has of an HVM guest's USB controllers: one kind for each version of USB. */
static void add_usb_controllers(const DomainDef *def, KxlDomainConfig *config)
{
    static const char *const models[] = { NULL, "piix3-uhci", "ich9-ehci1", "nec-xhci" };
    g_autoptr(XlValue) list = xlcfg_value_new_list(0, 0);

    for (guint i = 0; i < def->controllers->len; i++) {
        const DomainController *controller = g_ptr_array_index(def->controllers, i);

        for (guint version = 1; version < G_N_ELEMENTS(models); version++) {
            if (strcmp(controller->type, "usb") != 0 ||
                g_strcmp0(controller->model, models[version]) != 0)
                continue;
            g_autoptr(GString) text = g_string_new(NULL);
            g_string_printf(text, "type=devicemodel,version=%u", version);
            if (controller->ports != 0)
                g_string_append_printf(text, ",ports=%u", controller->ports);
            g_ptr_array_add(list->items, xlcfg_value_new_atom(XL_VALUE_STRING, text->str, 0, 0));
        }
    }
    if (config->type == KXL_TYPE_HVM && list->items->len > 0 &&
        map_find_extra(config, "usbctrl") == NULL) {
        g_autofree char *words = xlcfg_value_to_text(list);
        map_add_extra(config, "usbctrl", words);
    }
}

char *domain_def_to_native(const DomainDef *def, const char *format, GError **error)
{
    NativeFormat native;

    if (!find_format(format, &native, error))
        return NULL;
    g_autoptr(KxlDomainConfig) config = domain_def_to_config(def, error);
    if (config == NULL || !add_seclabel(def, config, error))
        return NULL;
    add_usb_controllers(def, config);
    xlcfg_options_clear_unsayable(config);
    g_autofree char *text =
        native == NATIVE_XM ? to_xm(def, config, error) : xl_cfg_format(config, error);
    if (text == NULL || !native_check_loss(def, format, text, error))
        return NULL;
    return g_steal_pointer(&text);
}
