/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pci=, channel=, serial= and usbdev=. */
#include "xlcfg-devices.h"

#include <stdio.h>
#include <string.h>

#include "domain-xml.h"
#include "xlcfg-spec.h"

/* [DDDD:]BB:SS.F[@VSLOT], all hexadecimal: xl-pci-configuration(5). */
static gboolean read_bdf(XlReader *reader, const XlValue *item, KxlDevicePci *pci, const char *text,
                         GString *options, GError **error)
{
    gboolean found = kxl_pci_parse(text, pci, &text);
    guint vslot;
    int used = 0;

    if (!found && g_str_has_suffix(text, ".*"))
        return xlcfg_reader_refuse(reader, item, error, "'%s': name each function of the device",
                                   text);
    if (!found)
        return xlcfg_reader_fail(reader, item, error, "'%s' is no PCI address ([DDDD:]BB:SS.F)",
                                 text);
    if (*text == '@' && sscanf(text, "@%2x%n", &vslot, &used) == 1 && vslot <= 0x1f) {
        xlcfg_spec_add_flag(options, "");
        g_string_append_printf(options, "vslot=%x", vslot);
        text += used;
    }
    return !*text || xlcfg_reader_fail(reader, item, error, "'%s' behind the PCI address", text);
}

static gboolean read_pci(XlReader *reader, const XlValue *item, GError **error)
{
    static const char *const known[] = { "vslot", "permissive", "msitranslate",
                                         "seize", "power_mgmt", "rdm_policy",
                                         NULL };
    KxlDevicePci *pci = kxl_device_pci_new();
    g_autoptr(GPtrArray) parts = xlcfg_spec_split(item->text);
    GString *options = g_string_new(NULL);
    gboolean found = FALSE, ok = TRUE;

    g_ptr_array_add(reader->config->pcis, pci);
    for (guint i = 0; ok && i < parts->len; i++) {
        const XlSpecItem *part = parts->pdata[i];

        if (!found && (!part->key || !strcmp(part->key, "bdf"))) {
            found = TRUE;
            ok = read_bdf(reader, item, pci, part->value, options, error);
        } else if (part->key && !strcmp(part->key, "name")) {
            ok = xlcfg_reader_refuse(
                reader, item, error,
                "names of assignable devices are not supported: give the address");
        } else if (part->key && g_strv_contains(known, part->key)) {
            ok = xlcfg_spec_add(options, part->key, part->value, error);
        } else {
            ok = xlcfg_reader_fail(reader, item, error, "unknown parameter '%s'",
                                   part->key ? part->key : part->value);
        }
    }
    if (ok && !found)
        ok = xlcfg_reader_fail(reader, item, error, "no PCI address in '%s'", item->text);
    pci->options = g_string_free(options, options->len == 0);
    return ok;
}

gboolean xlcfg_pcis_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return xlcfg_reader_each(reader, value, read_pci, error);
}

/* pci_X is what X is for the devices that do not say it. */
static const char *const pci_defaults[XL_PCI_DEFAULTS] = { "permissive", "msitranslate", "seize",
                                                           "power_mgmt" };

gboolean xlcfg_pci_default_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gboolean on;

    if (!xlcfg_reader_bool(reader, value, &on, error))
        return FALSE;
    for (guint i = 0; i < XL_PCI_DEFAULTS; i++)
        if (!strcmp(reader->setting->key + strlen("pci_"), pci_defaults[i]))
            reader->pci_defaults[i] = on ? KXL_YES : KXL_NO;
    return TRUE;
}

/* NULL: the device does not say. */
static char *pci_option(const KxlDevicePci *pci, const char *key)
{
    g_autoptr(GPtrArray) parts = xlcfg_spec_split(pci->options ? pci->options : "");

    for (guint i = 0; i < parts->len; i++) {
        const XlSpecItem *part = parts->pdata[i];
        if (!g_strcmp0(part->key, key))
            return g_strdup(part->value);
    }
    return NULL;
}

void xlcfg_pci_finish(XlReader *reader)
{
    for (guint i = 0; i < reader->config->pcis->len; i++) {
        KxlDevicePci *pci = reader->config->pcis->pdata[i];

        for (guint k = 0; k < XL_PCI_DEFAULTS; k++) {
            g_autofree char *before = NULL, *said = pci_option(pci, pci_defaults[k]);

            if (reader->pci_defaults[k] == KXL_DEFAULT || said)
                continue;
            before = g_steal_pointer(&pci->options);
            pci->options = g_strdup_printf("%s%s%s=%d", before ? before : "", before ? "," : "",
                                           pci_defaults[k], reader->pci_defaults[k]);
        }
        /* A seized device is taken from its driver at the start, and given back at the end. */
        g_autofree char *seize = pci_option(pci, "seize");
        pci->managed = !g_strcmp0(seize, "1");
    }
}

static void add_pci(GPtrArray *list, const KxlDevicePci *pci)
{
    g_autofree char *seize = pci_option(pci, "seize");

    g_ptr_array_add(list, g_strdup_printf("%04x:%02x:%02x.%x%s%s%s", pci->domain, pci->bus,
                                          pci->dev, pci->fn, pci->options ? "," : "",
                                          pci->options ? pci->options : "",
                                          pci->managed && !seize ? ",seize=1" : ""));
}

/* Nics that are functions of a card are devices like any other here, as for libvirt's Xen driver:
 * the format has no words for their MAC addresses. */
gboolean xlcfg_pcis_format(XlWriter *writer, const char *key, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < writer->config->nics->len; i++) {
        const KxlDeviceNic *nic = writer->config->nics->pdata[i];

        if (nic->kind == KXL_NIC_FUNCTION)
            add_pci(list, &nic->pci);
    }
    for (guint i = 0; i < writer->config->pcis->len; i++)
        add_pci(list, writer->config->pcis->pdata[i]);
    xlcfg_write_list(writer, key, list);
    return TRUE;
}

static gboolean read_connection(XlReader *reader, const XlValue *item, gpointer device,
                                const char *value, GError **error)
{
    if (strcmp(value, "pty") != 0 && strcmp(value, "socket") != 0)
        return xlcfg_reader_fail(reader, item, error, "unknown channel connection '%s'", value);
    return xlcfg_spec_set(&((KxlDeviceChannel *)device)->kind,
                          strcmp(value, "pty") ? "unix" : "pty");
}

static char *write_connection(gconstpointer device)
{
    return g_strdup(g_strcmp0(((const KxlDeviceChannel *)device)->kind, "unix") ? "pty" : "socket");
}

static gboolean read_channel_backend(XlReader *reader, const XlValue *item, gpointer device,
                                     const char *value, GError **error)
{
    return xlcfg_reader_backend(reader, item, value, error);
}

static const XlSpecKey channel_keys[] = {
    { "connection", XL_SPEC_OTHER, .read = read_connection, .write = write_connection },
    { "path", XL_SPEC_STRING, G_STRUCT_OFFSET(KxlDeviceChannel, path) },
    { "name", XL_SPEC_STRING, G_STRUCT_OFFSET(KxlDeviceChannel, name) },
    { "backend", XL_SPEC_OTHER, .read = read_channel_backend },
};

static gboolean read_channel(XlReader *reader, const XlValue *item, GError **error)
{
    KxlDeviceChannel *channel = kxl_device_channel_new();

    g_ptr_array_add(reader->config->channels, channel);
    if (!xlcfg_spec_read(reader, item, channel_keys, G_N_ELEMENTS(channel_keys), channel, error))
        return FALSE;
    if (!channel->kind)
        return xlcfg_reader_fail(reader, item, error, "the channel has no connection=");
    if (!channel->name)
        return xlcfg_reader_fail(reader, item, error, "the channel has no name=");
    if (!strcmp(channel->kind, "unix") && !channel->path)
        return xlcfg_reader_fail(reader, item, error,
                                 "channel connection 'socket' requires path=..");
    return TRUE;
}

gboolean xlcfg_channels_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return xlcfg_reader_each(reader, value, read_channel, error);
}

gboolean xlcfg_channels_format(XlWriter *writer, const char *key, GError **error)
{
    return xlcfg_spec_write_list(writer, key, channel_keys, G_N_ELEMENTS(channel_keys),
                                 writer->config->channels, error);
}

/* A device in the manner of QEMU's -serial: a word, or word:rest. */
static gboolean read_serial(XlReader *reader, const XlValue *item, GError **error)
{
    static const char *const kinds[] = { "pty",  "file",  "pipe", "tcp", "telnet", "udp",
                                         "unix", "stdio", "null", "vc",  NULL };
    KxlSerial *serial;
    g_auto(GStrv) parts = NULL;

    serial = kxl_serial_new();
    g_ptr_array_add(reader->config->serials, serial);
    if (!*item->text || !strcmp(item->text, "none")) {
        serial->kind = g_strdup("none");
        return TRUE;
    }
    if (*item->text == '/') {
        serial->kind = g_strdup("dev");
        serial->target = g_strdup(item->text);
        return TRUE;
    }
    parts = g_strsplit(item->text, ":", 2);
    if (!g_strv_contains(kinds, parts[0]))
        return xlcfg_reader_fail(reader, item, error, "unknown kind of serial device '%s'",
                                 item->text);
    serial->kind = g_strdup(parts[0]);
    serial->target = g_strdup(parts[1]);
    return TRUE;
}

/* "none" is the place of a port that is not there, before others that are. */
gboolean xlcfg_serials_parse(XlReader *reader, const XlValue *value, GError **error)
{
    GPtrArray *serials = reader->config->serials;
    gboolean ok = value->kind != XL_VALUE_LIST
                      ? read_serial(reader, value, error)
                      : xlcfg_reader_each(reader, value, read_serial, error);

    while (ok && serials->len > 0 &&
           !strcmp(((const KxlSerial *)serials->pdata[serials->len - 1])->kind, "none"))
        g_ptr_array_set_size(serials, (int)serials->len - 1);
    return ok;
}

gboolean xlcfg_serials_format(XlWriter *writer, const char *key, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < writer->config->serials->len; i++) {
        const KxlSerial *serial = writer->config->serials->pdata[i];

        if (!g_strcmp0(serial->kind, "dev"))
            g_ptr_array_add(list, g_strdup(serial->target));
        else
            g_ptr_array_add(
                list, g_strconcat(serial->kind, serial->target ? ":" : NULL, serial->target, NULL));
    }
    if (list->len == 0 && writer->config->type == KXL_TYPE_HVM)
        xlcfg_write_string(writer, key, "none");
    else if (list->len == 1)
        xlcfg_write_string(writer, key, list->pdata[0]);
    else
        xlcfg_write_list(writer, key, list);
    return TRUE;
}

gboolean xlcfg_parallel_format(XlWriter *writer, const char *key, GError **error)
{
    if (writer->config->type == KXL_TYPE_HVM)
        xlcfg_write_string(writer, key, "none");
    return TRUE;
}

typedef struct {
    int bus, addr;
} UsbDev;

static gboolean read_usb_type(XlReader *reader, const XlValue *item, gpointer device,
                              const char *value, GError **error)
{
    return !strcmp(value, "hostdev") ||
           xlcfg_reader_fail(reader, item, error, "unknown USB device type '%s'", value);
}

/* Which controller and port it sits at is the emulator's choice. */
static gboolean read_usb_place(XlReader *reader, const XlValue *item, gpointer device,
                               const char *value, GError **error)
{
    return TRUE;
}

static const XlSpecKey usb_keys[] = {
    { "hostbus", XL_SPEC_NUMBER, G_STRUCT_OFFSET(UsbDev, bus), 255 },
    { "hostaddr", XL_SPEC_NUMBER, G_STRUCT_OFFSET(UsbDev, addr), 127 },
    { "type", XL_SPEC_OTHER, .read = read_usb_type },
    { "controller", XL_SPEC_OTHER, .read = read_usb_place },
    { "port", XL_SPEC_OTHER, .read = read_usb_place },
};

static gboolean read_usbdev(XlReader *reader, const XlValue *item, GError **error)
{
    UsbDev usb = { 0, 0 };
    g_autofree char *device = NULL;

    if (!xlcfg_spec_read(reader, item, usb_keys, G_N_ELEMENTS(usb_keys), &usb, error))
        return FALSE;
    if (!usb.bus || !usb.addr)
        return xlcfg_reader_fail(reader, item, error, "hostbus= and hostaddr= are needed");
    if (reader->config->type != KXL_TYPE_HVM)
        return TRUE;
    device = g_strdup_printf("host:%d.%d", usb.bus, usb.addr);
    xlcfg_append_strings(&reader->config->usbdevices, (const char *[]){ device, NULL });
    reader->config->usb = TRUE;
    return TRUE;
}

gboolean xlcfg_usbdev_parse(XlReader *reader, const XlValue *value, GError **error)
{
    if (!xlcfg_reader_each(reader, value, read_usbdev, error))
        return FALSE;
    if (reader->config->type == KXL_TYPE_HVM || value->items->len == 0)
        return TRUE;
    xlcfg_reader_warn(reader, value,
                      "option 'usbdev' has no effect: a PV guest gets no USB devices here");
    xlcfg_reader_keep(reader, "usbdev", value);
    return TRUE;
}
