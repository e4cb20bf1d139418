/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options that shape the machine in ways KxlDomainConfig says otherwise than xl.cfg: NUMA cells,
 * ACPI tables, the VM generation ID, the SPICE agent, USB controllers. What was written is kept
 * beside it, to be written again.
 */
#include "xlcfg-custom.h"

#include <string.h>

#include "xlcfg-devices.h"
#include "xlcfg-spec.h"

enum { KIB_PER_MIB = 1024, MAX_NODES = 64, MAX_DISTANCE = 255 };

static gboolean is_hvm(const XlReader *reader)
{
    return reader->config->type == KXL_TYPE_HVM;
}

/* For an option of HVM guests in another's file: said and kept. TRUE. */
static gboolean hvm_only(XlReader *reader, const XlValue *value)
{
    xlcfg_reader_warn(reader, NULL, "option '%s' has no effect: it is for HVM guests",
                      reader->setting->key);
    xlcfg_reader_keep(reader, reader->setting->key, value);
    return TRUE;
}

/* --- vnuma ------------------------------------------------------------------------------------ */

static gboolean parse_distances(KxlNumaCell *cell, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (guint i = 0; parts[i]; i++) {
        KxlNumaDistance *distance;
        gint64 number;

        if (!xlcfg_text_to_int(g_strstrip(parts[i]), &number) || number < 0 ||
            number > MAX_DISTANCE)
            return FALSE;
        distance = kxl_numa_distance_new();
        distance->to = i;
        distance->value = (guint)number;
        g_ptr_array_add(cell->distances, distance);
    }
    return TRUE;
}

/* "key=value" of a node; on which of the host's nodes it lies is the host's matter. */
static gboolean parse_node_item(XlReader *reader, const XlValue *item, KxlNumaCell *cell,
                                GError **error)
{
    g_auto(GStrv) pair = g_strsplit(item->kind == XL_VALUE_LIST ? "" : item->text, "=", 2);
    const char *key = pair[0] ? g_strstrip(pair[0]) : "", *value = pair[0] ? pair[1] : NULL;
    gint64 number = 0;
    gboolean is_number = value && xlcfg_text_to_int(g_strstrip(pair[1]), &number) && number >= 0;
    gboolean ok = FALSE;

    if (!strcmp(key, "pnode")) {
        ok = is_number;
    } else if (!strcmp(key, "size")) {
        ok = is_number && number <= G_MAXUINT32;
        cell->memkb = (guint64)number * KIB_PER_MIB;
    } else if (!strcmp(key, "vcpus") && value) {
        g_free(cell->cpus);
        cell->cpus = g_strdup(value);
        ok = strspn(value, "0123456789-,") == strlen(value);
    } else if (!strcmp(key, "vdistances") && value) {
        ok = parse_distances(cell, value);
    }
    return ok || xlcfg_reader_fail(reader, item, error, "vnuma: '%s' is not understood",
                                   item->kind == XL_VALUE_LIST ? "[...]" : item->text);
}

static gboolean parse_node(XlReader *reader, const XlValue *node, GError **error)
{
    KxlNumaCell *cell = kxl_numa_cell_new();

    g_ptr_array_add(reader->config->numa_cells, cell);
    if (node->kind != XL_VALUE_LIST)
        return xlcfg_reader_fail_syntax(reader, node, error, "a list is wanted for each node");
    for (guint i = 0; i < node->items->len; i++)
        if (!parse_node_item(reader, node->items->pdata[i], cell, error))
            return FALSE;
    if (!cell->memkb || !cell->cpus)
        return xlcfg_reader_fail_syntax(reader, node, error, "a node needs size= and vcpus=");
    return TRUE;
}

gboolean xlcfg_vnuma_parse(XlReader *reader, const XlValue *value, GError **error)
{
    if (value->kind != XL_VALUE_LIST)
        return xlcfg_reader_fail(reader, value, error, "a list is wanted, not a single value");
    if (value->items->len == 0)
        return TRUE;
    if (value->items->len > MAX_NODES)
        return xlcfg_reader_fail(reader, value, error, "more than %d nodes", MAX_NODES);
    if (!is_hvm(reader))
        return hvm_only(reader, value);
    for (guint i = 0; i < value->items->len; i++)
        if (!parse_node(reader, value->items->pdata[i], error))
            return FALSE;
    xlcfg_reader_keep(reader, "vnuma", value);
    return TRUE;
}

/* xl.cfg(5): "The sum of memory sizes of all vnodes will become maxmem=. If maxmem= is specified
 * separately, a check is performed". */
gboolean xlcfg_vnuma_finish(XlReader *reader, GError **error)
{
    KxlDomainConfig *config = reader->config;
    guint64 sum = 0;

    for (guint i = 0; i < config->numa_cells->len; i++) {
        const KxlNumaCell *cell = config->numa_cells->pdata[i];

        sum += cell->memkb;
        if (cell->distances->len && cell->distances->len != config->numa_cells->len)
            return xlcfg_reader_refuse(reader, NULL, error,
                                       "vnuma: node %u has %u distances, there are %u nodes", i,
                                       cell->distances->len, config->numa_cells->len);
    }
    if (sum == 0)
        return TRUE;
    if (config->max_memkb && config->max_memkb != sum)
        return xlcfg_reader_fail(reader, NULL, error,
                                 "maxmem is not the sum of the sizes in vnuma, %" G_GUINT64_FORMAT
                                 " MiB",
                                 sum / KIB_PER_MIB);
    config->max_memkb = sum;
    return TRUE;
}

/* --- firmware's tables ------------------------------------------------------------------------ */

gboolean xlcfg_acpi_firmware_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *path = NULL;
    GString *table;

    if (!xlcfg_reader_string(reader, value, &path, error))
        return FALSE;
    if (!*path)
        return TRUE;
    if (!is_hvm(reader))
        return hvm_only(reader, value);
    /* QEMU's option, in which a comma is doubled */
    table = g_string_new(path);
    g_string_replace(table, ",", ",,", 0);
    g_string_prepend(table, "file=");
    xlcfg_append_strings(&reader->config->board.acpi_tables, (const char *[]){ table->str, NULL });
    g_string_free(table, TRUE);
    xlcfg_reader_keep(reader, "acpi_firmware", value);
    return TRUE;
}

/* A new number at each start: libkxl's "auto". */
gboolean xlcfg_vm_genid_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *word = NULL;

    if (!xlcfg_reader_string(reader, value, &word, error))
        return FALSE;
    if (!strcmp(word, "none"))
        return TRUE;
    if (strcmp(word, "generate") != 0)
        return xlcfg_reader_fail(reader, value, error,
                                 "\"ms_vm_genid\" option must be \"generate\" or \"none\"");
    g_free(reader->config->board.generation_id);
    reader->config->board.generation_id = g_strdup("auto");
    return TRUE;
}

gboolean xlcfg_vm_genid_format(XlWriter *writer, const char *key, GError **error)
{
    if (!g_strcmp0(writer->config->board.generation_id, "auto"))
        xlcfg_write_string(writer, key, "generate");
    return TRUE;
}

/* --- SPICE ------------------------------------------------------------------------------------ */

gboolean xlcfg_spice_agent_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gboolean on;

    if (!xlcfg_reader_bool(reader, value, &on, error))
        return FALSE;
    xlcfg_reader_keep(reader, reader->setting->key, value);
    if (!strcmp(reader->setting->key, "spicevdagent"))
        reader->spice_agent = on;
    else
        reader->config->spice.copy_paste = on ? KXL_YES : KXL_NO;
    return TRUE;
}

/* The agent talks through a port of this name (spice-protocol, vd_agent.h). */
void xlcfg_spice_finish(XlReader *reader)
{
    KxlSerial *port;

    if (!reader->spice_agent || !reader->config->spice.enable || !is_hvm(reader))
        return;
    port = kxl_serial_new();
    port->kind = g_strdup("spicevmc");
    port->name = g_strdup("com.redhat.spice.0");
    port->number = -1;
    g_ptr_array_add(reader->config->ports, port);
}

/* --- USB controllers -------------------------------------------------------------------------- */

/* By USB version. */
static const char *const usb_models[] = { NULL, "piix3-uhci", "ich9-ehci1", "nec-xhci" };

static void add_usb_controller(XlReader *reader, guint version, guint ports)
{
    KxlDeviceController *controller = kxl_device_controller_new();
    guint index = 0;

    for (guint i = 0; i < reader->config->controllers->len; i++)
        if (!g_strcmp0(((KxlDeviceController *)reader->config->controllers->pdata[i])->type, "usb"))
            index++;
    controller->type = g_strdup("usb");
    controller->index = index;
    controller->model = g_strdup(usb_models[version]);
    controller->ports = version == 3 ? ports : 0; /* the others have what they have */
    g_ptr_array_add(reader->config->controllers, controller);
}

gboolean xlcfg_usbversion_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gint64 version = 0;

    if (!xlcfg_reader_int(reader, value, 0, 3, &version, error))
        return FALSE;
    if (version == 0)
        return TRUE;
    if (!is_hvm(reader))
        return hvm_only(reader, value);
    add_usb_controller(reader, (guint)version, 0);
    xlcfg_reader_keep(reader, "usbversion", value);
    return TRUE;
}

typedef struct {
    char *type;
    int version, ports;
} UsbCtrl;

static gboolean read_ctrl_type(XlReader *reader, const XlValue *item, gpointer device,
                               const char *value, GError **error)
{
    static const char *const known[] = { "pv", "qusb", "devicemodel", "auto", NULL };

    if (!g_strv_contains(known, value))
        return xlcfg_reader_fail(reader, item, error, "unknown USB controller type '%s'", value);
    return xlcfg_spec_set(&((UsbCtrl *)device)->type, value);
}

static gboolean read_ctrl_backend(XlReader *reader, const XlValue *item, gpointer device,
                                  const char *value, GError **error)
{
    return xlcfg_reader_backend(reader, item, value, error);
}

static const XlSpecKey usbctrl_keys[] = {
    { "type", XL_SPEC_OTHER, .read = read_ctrl_type },
    { "version", XL_SPEC_NUMBER, G_STRUCT_OFFSET(UsbCtrl, version), 3 },
    { "ports", XL_SPEC_NUMBER, G_STRUCT_OFFSET(UsbCtrl, ports), 31 },
    { "backend", XL_SPEC_OTHER, .read = read_ctrl_backend },
};

static gboolean read_usbctrl(XlReader *reader, const XlValue *item, GError **error)
{
    UsbCtrl ctrl = { NULL, 2, 0 };
    gboolean ok =
        xlcfg_spec_read(reader, item, usbctrl_keys, G_N_ELEMENTS(usbctrl_keys), &ctrl, error);
    g_autofree char *type = ctrl.type;
    gboolean emulated = !type || !strcmp(type, "devicemodel") || !strcmp(type, "auto");

    if (!ok)
        return FALSE;
    if (ctrl.version == 0 || (ctrl.version == 3 && type && strcmp(type, "devicemodel") != 0))
        return xlcfg_reader_fail(reader, item, error, "USB version %d of a controller '%s'",
                                 ctrl.version, type ? type : "auto");
    if (is_hvm(reader) && emulated)
        add_usb_controller(reader, (guint)ctrl.version, (guint)ctrl.ports);
    else
        xlcfg_reader_warn(reader, item,
                          "option 'usbctrl': the USB split driver is not supported, "
                          "there is no such controller");
    return TRUE;
}

gboolean xlcfg_usbctrl_parse(XlReader *reader, const XlValue *value, GError **error)
{
    if (!xlcfg_reader_each(reader, value, read_usbctrl, error))
        return FALSE;
    if (value->items->len)
        xlcfg_reader_keep(reader, "usbctrl", value);
    return TRUE;
}
