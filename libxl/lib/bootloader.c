/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bootloader.h"

/* Debian's package grub-xen-host. */
#define GRUB_DIR "/usr/lib/grub-xen"

static const struct {
    const char *name, *image;
} bootloaders[] = {
    { "pygrub", GRUB_DIR "/grub-x86_64-xen.bin" },
    { "pvgrub", GRUB_DIR "/grub-x86_64-xen.bin" },
    { "pvgrub64", GRUB_DIR "/grub-x86_64-xen.bin" },
    { "pvgrub32", GRUB_DIR "/grub-i386-xen.bin" },
};

char *kxl_bootloader_kernel(const KxlDomainConfig *config, GError **error)
{
    g_autofree char *name = NULL;

    if (!config->bootloader)
        return g_strdup(config->kernel);
    if (config->bootloader_args && *config->bootloader_args) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "bootloader_args: arguments to '%s' are not supported", config->bootloader);
        return NULL;
    }
    name = g_path_get_basename(config->bootloader);
    for (guint i = 0; i < G_N_ELEMENTS(bootloaders); i++) {
        if (!g_str_equal(bootloaders[i].name, name))
            continue;
        if (g_file_test(bootloaders[i].image, G_FILE_TEST_EXISTS))
            return g_strdup(bootloaders[i].image);
        g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND,
                    "bootloader '%s': '%s' is missing (Debian package grub-xen-host)",
                    config->bootloader, bootloaders[i].image);
        return NULL;
    }
    /* A GRUB image of the user's own. */
    if (g_path_is_absolute(config->bootloader) && g_str_has_suffix(name, ".bin"))
        return g_strdup(config->bootloader);
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED, "bootloader '%s' is not supported",
                config->bootloader);
    return NULL;
}
