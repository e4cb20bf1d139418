/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Saved domains: a file from anywhere is either read or refused, and what was read can be shown again. An input that begins with
 * an even byte is such a file; one that begins with an odd byte is the texts of one whose header is right.
 */
#include <kxl-save.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE  4096
#define PLACE (64U << 10)

/* The header of save-image.c. */
typedef struct {
    char magic[8];
    uint32_t version, flags, domid, place, place_size, text_len;
    uint64_t data_offset;
    uint8_t unused[472];
} Header;

static gboolean write_file(int fd, const uint8_t *data, size_t size)
{
    Header header = { .magic = "KZNSAVE", .version = 1, .place_size = PLACE, .text_len = (uint32_t)(size - 1),
                      .data_offset = PAGE + 2 * PLACE };

    if (ftruncate(fd, 0) < 0 || size == 0)
        return FALSE;
    if (!(data[0] & 1))
        return pwrite(fd, data + 1, size - 1, 0) == (ssize_t)(size - 1);
    header.magic[7] = '1';
    return pwrite(fd, &header, sizeof header, 0) == sizeof header &&
           pwrite(fd, data + 1, size - 1, PAGE) == (ssize_t)(size - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlSaveImage) image = NULL;

    if (fd < 0)
        fd = memfd_create("image", 0);
    if (!write_file(fd, data, size))
        return 0;
    path = g_strdup_printf("/proc/self/fd/%d", fd);
    image = kxl_save_image_load(path, &error);
    g_assert_true((image == NULL) == (error != NULL));
    if (image != NULL) {
        g_autofree char *json = kxl_domain_config_to_json(image->config);
        g_autoptr(KxlDomainConfig) again = kxl_domain_config_from_json(json, &error);

        g_assert_no_error(error);
        g_assert_nonnull(again);
    }
    return 0;
}
