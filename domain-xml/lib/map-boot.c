/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <os> and <bootloader>: kernel, boot loader, firmware, boot order. */
#include "map.h"

#include <string.h>

#include "def-classes.h"

/* Both are Xen's own files: they say which firmware is meant, and libkxl has its own copy of it. */
#define XEN_SEABIOS_LOADER "hvmloader"
#define XEN_OVMF           "ovmf.bin"

/* xl.cfg(5) boot= */
static const struct {
    char letter;
    const char *dev;
} boot_letters[] = { { 'a', "fd" }, { 'c', "hd" }, { 'd', "cdrom" }, { 'n', "network" } };

/* The words of a command line; NULL when there are none. */
static char **split_words(const char *text)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    char **parts = g_strsplit_set(text, " \t\n", -1);

    for (guint i = 0; parts[i] != NULL; i++)
        if (*parts[i] != '\0')
            g_ptr_array_add(words, g_strdup(parts[i]));
    g_strfreev(parts);
    if (words->len == 0)
        return NULL;
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}

static void map_bootloader_to_config(const DomainDef *def, KxlDomainConfig *config)
{
    config->bootloader = g_strdup(def->bootloader);
    if (def->bootloader_args != NULL)
        config->bootloader_args = split_words(def->bootloader_args);
    /* virt-install --paravirt --import names neither: the guest's own GRUB menu it is. */
    if (config->type == KXL_TYPE_PV && def->kernel == NULL && def->bootloader == NULL)
        config->bootloader = g_strdup("pygrub");
}

static void map_firmware_to_config(const DomainDef *def, KxlDomainConfig *config)
{
    g_autofree char *name = def->loader != NULL ? g_path_get_basename(def->loader) : g_strdup("");

    config->firmware = domain_is_uefi(def) ? KXL_FIRMWARE_OVMF : KXL_FIRMWARE_SEABIOS;
    if (def->loader != NULL && strcmp(name, XEN_SEABIOS_LOADER) != 0 && strcmp(name, XEN_OVMF) != 0)
        config->firmware_path = g_strdup(def->loader);
    config->nvram_path = g_strdup(def->nvram != NULL ? def->nvram : def->nvram_source);
}

static char *boot_letters_of(const DomainDef *def)
{
    GString *letters = g_string_new(NULL);

    for (guint i = 0; i < def->boot_devs->len; i++) {
        const DomainBootDev *boot = g_ptr_array_index(def->boot_devs, i);
        for (guint j = 0; j < G_N_ELEMENTS(boot_letters); j++)
            if (strcmp(boot->dev, boot_letters[j].dev) == 0)
                g_string_append_c(letters, boot_letters[j].letter);
    }
    return g_string_free(letters, letters->len == 0);
}

gboolean map_boot_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    config->kernel = g_strdup(def->kernel);
    config->ramdisk = g_strdup(def->initrd);
    config->cmdline = g_strdup(def->cmdline);
    if (config->type != KXL_TYPE_HVM) {
        map_bootloader_to_config(def, config);
        return TRUE;
    }
    map_firmware_to_config(def, config);
    config->boot = boot_letters_of(def);
    config->bootmenu = g_strcmp0(def->bootmenu, "yes") == 0;
    if (def->acpi_slic != NULL)
        map_add_extra(config, "acpi_firmware", def->acpi_slic);
    config->device_model = g_strdup(def->emulator);
    return TRUE;
}

static void map_firmware_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    def->loader = g_strdup(config->firmware_path);
    if (config->firmware == KXL_FIRMWARE_OVMF) {
        if (def->loader == NULL) {
            def->os_firmware = g_strdup("efi");
        } else {
            def->loader_readonly = g_strdup("yes");
            def->loader_type = g_strdup("pflash");
        }
    } else if (def->loader != NULL) {
        def->loader_type = g_strdup("rom");
    }
    def->nvram = g_strdup(config->nvram_path);
}

/* A string value may have come from a file, with quotes. */
static char *unquote(const char *text)
{
    gsize n = strlen(text);

    return n >= 2 && text[0] == '"' && text[n - 1] == '"' ? g_strndup(text + 1, n - 2)
                                                          : g_strdup(text);
}

/* Devices with a place of their own in the order leave boot= without effect, and libvirt takes only
 * one of the two. */
static gboolean has_bootindex(const KxlDomainConfig *config)
{
    for (guint i = 0; i < config->disks->len; i++)
        if (((const KxlDeviceDisk *)g_ptr_array_index(config->disks, i))->bootindex > 0)
            return TRUE;
    for (guint i = 0; i < config->nics->len; i++)
        if (((const KxlDeviceNic *)g_ptr_array_index(config->nics, i))->bootindex > 0)
            return TRUE;
    for (guint i = 0; i < config->pcis->len; i++)
        if (((const KxlDevicePci *)g_ptr_array_index(config->pcis, i))->bootindex > 0)
            return TRUE;
    for (guint i = 0; i < config->usbs->len; i++)
        if (((const KxlDeviceUsb *)g_ptr_array_index(config->usbs, i))->bootindex > 0)
            return TRUE;
    return FALSE;
}

static void add_boot_devs(const char *letters, DomainDef *def)
{
    for (const char *c = letters; *c != '\0'; c++) {
        for (guint i = 0; i < G_N_ELEMENTS(boot_letters); i++) {
            if (*c != boot_letters[i].letter)
                continue;
            DomainBootDev *boot = g_new0(DomainBootDev, 1);
            boot->dev = g_strdup(boot_letters[i].dev);
            g_ptr_array_add(def->boot_devs, boot);
        }
    }
}

gboolean map_boot_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    const char *slic = map_find_extra(config, "acpi_firmware");

    def->kernel = g_strdup(config->kernel);
    def->initrd = g_strdup(config->ramdisk);
    def->cmdline = g_strdup(config->cmdline);
    if (config->type != KXL_TYPE_HVM) {
        def->bootloader = g_strdup(config->bootloader);
        if (config->bootloader_args != NULL)
            def->bootloader_args = g_strjoinv(" ", config->bootloader_args);
        return TRUE;
    }
    map_firmware_from_config(config, def);
    def->emulator = g_strdup(config->device_model);
    if (config->bootmenu)
        def->bootmenu = g_strdup("yes");
    if (slic != NULL) {
        def->acpi_slic = unquote(slic);
        def->acpi_table_type = g_strdup("slic");
    }
    if (!has_bootindex(config))
        add_boot_devs(config->boot != NULL ? config->boot : "c", def);
    return TRUE;
}
