/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's SMBIOS strings, as Linux has them in /sys/class/dmi/id. */
#include "handler-util.h"
#include "sysfs.h"
#include "xml-util.h"

#define DMI_DIR "/sys/class/dmi/id"

static const struct {
    const char *section; /* NULL: as the one before */
    const char *entry, *file;
} rows[] = {
    { "bios", "vendor", "bios_vendor" },
    { NULL, "version", "bios_version" },
    { NULL, "date", "bios_date" },
    { NULL, "release", "bios_release" },
    { "system", "manufacturer", "sys_vendor" },
    { NULL, "product", "product_name" },
    { NULL, "version", "product_version" },
    { NULL, "serial", "product_serial" },
    { NULL, "uuid", "product_uuid" },
    { NULL, "sku", "product_sku" },
    { NULL, "family", "product_family" },
    { "baseBoard", "manufacturer", "board_vendor" },
    { NULL, "product", "board_name" },
    { NULL, "version", "board_version" },
    { NULL, "serial", "board_serial" },
    { NULL, "asset", "board_asset_tag" },
    { "chassis", "manufacturer", "chassis_vendor" },
    { NULL, "version", "chassis_version" },
    { NULL, "serial", "chassis_serial" },
    { NULL, "asset", "chassis_asset_tag" },
};

gboolean on_connect_get_sysinfo(RpcCall *call, GError **error)
{
    g_autoptr(GString) xml = g_string_new("<sysinfo type='smbios'>\n");
    const char *section = NULL;

    if (!check_flags(call, call->args[0].u, 0, error))
        return FALSE;
    if (!g_file_test(DMI_DIR, G_FILE_TEST_IS_DIR))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "Host SMBIOS information is not available");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = sysfs_text(DMI_DIR, rows[i].file);

        if (rows[i].section != NULL) {
            if (section != NULL)
                g_string_append_printf(xml, "  </%s>\n", section);
            section = rows[i].section;
            g_string_append_printf(xml, "  <%s>\n", section);
        }
        if (text != NULL)
            xml_append(xml, "    <entry name='%s'>%s</entry>\n", rows[i].entry, text);
    }
    g_string_append_printf(xml, "  </%s>\n</sysinfo>\n", section);
    xdr_put_string(call->ret, xml->str);
    return TRUE;
}
