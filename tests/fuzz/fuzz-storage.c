/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* XML of pools and volumes: what parses is a fixed point. And the heads of image files. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "storage/image.h"
#include "storage/pool-type.h"
#include "storage/volume.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pool(const char *text)
{
    g_autoptr(PoolDef) def = pool_def_parse(text, NULL);

    if (def == NULL)
        return;
    g_autofree char *first = pool_def_format(def, NULL, NULL);
    g_autoptr(PoolDef) again = pool_def_parse(first, NULL);
    g_assert_nonnull(again);
    g_autofree char *second = pool_def_format(again, NULL, NULL);
    g_assert_cmpstr(first, ==, second);
    g_assert_true(def->type->source == 0 ||
                  pool_def_conflicts(def, again) == pool_def_conflicts(again, def));
}

static void check_volume(const char *text, const PoolType *type)
{
    g_autoptr(Volume) volume = volume_parse(text, type, NULL);

    if (volume == NULL)
        return;
    g_autofree char *first = volume_format(volume, type);
    g_autoptr(Volume) again = volume_parse(first, type, NULL);
    g_assert_nonnull(again);
    g_autofree char *second = volume_format(again, type);
    g_assert_cmpstr(first, ==, second);
}

static void check_image(const uint8_t *data, size_t size)
{
    g_auto(ImageInfo) info = { 0 };
    int fd = memfd_create("image", MFD_CLOEXEC);

    g_assert_cmpint(write(fd, data, size), ==, (gssize)size);
    g_assert_true(image_probe(fd, size, &info));
    g_assert_nonnull(info.format);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);

    check_pool(text);
    for (guint i = 0; i < pool_n_types; i++)
        check_volume(text, &pool_types[i]);
    check_image(data, size);
    return 0;
}
