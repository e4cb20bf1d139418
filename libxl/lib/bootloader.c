/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bootloader.h"

#include "host.h"

/* Debian's package grub-xen-host, for builds that could not make the images of libxl/grub. */
#define DEBIAN_GRUB_DIR "/usr/lib/grub-xen"

static const struct {
    const char *name, *image;
} bootloaders[] = {
    { "pygrub", "grub-x86_64-xen.bin" },
    { "pvgrub", "grub-x86_64-xen.bin" },
    { "pvgrub64", "grub-x86_64-xen.bin" },
    { "pvgrub32", "grub-i386-xen.bin" },
};

/* NULL: there is none. */
static char *find_image(const KxlHost *host, const char *image)
{
    const char *const folders[] = { kxl_host_libexec_dir(host), DEBIAN_GRUB_DIR };

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], image, NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&path);
    }
    return NULL;
}

char *kxl_bootloader_kernel(const KxlHost *host, const KxlDomainConfig *config, GError **error)
{
    g_autofree char *name = NULL;
    char *image;

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
        image = find_image(host, bootloaders[i].image);
        if (!image)
            g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND,
                        "bootloader '%s': '%s/%s' is missing (Debian package grub-xen-host)",
                        config->bootloader, DEBIAN_GRUB_DIR, bootloaders[i].image);
        return image;
    }
    /* A GRUB image of the user's own. */
    if (g_path_is_absolute(config->bootloader) && g_str_has_suffix(name, ".bin"))
        return g_strdup(config->bootloader);
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED, "bootloader '%s' is not supported",
                config->bootloader);
    return NULL;
}
