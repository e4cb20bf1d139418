/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The saved image: one sector of header, two places for texts, then QEMU's migration stream. The
 * texts are the configuration as JSON, a client's own data and the devices' places. New texts go to
 * the place that is not in use, and become the image's with the header, which is one sector and so
 * the old one or the new one.
 */
#include "save-image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "file.h"

#define MAGIC        "KZNSAVE1"
#define VERSION      1
#define SECTOR       512
#define PAGE         4096
#define MIN_PLACE    (64u << 10)
#define MAX_PLACE    (64u << 20)
#define FLAG_RUNNING 1u

/* Little-endian, as everything we run on. */
typedef struct {
    char magic[8];
    guint32 version;
    guint32 flags;
    guint32 guest_domid;
    guint32 place; /* 0, 1: where the texts are */
    guint32 place_size;
    guint32 text_len; /* configuration, key, userdata and, if any, places, each with its NUL */
    guint64 data_offset;
    guint8 unused[SECTOR - 40];
} Header;

G_STATIC_ASSERT(sizeof(Header) == SECTOR);

void kxl_save_image_free(KxlSaveImage *image)
{
    if (!image)
        return;
    kxl_domain_config_free(image->config);
    g_free(image->userdata_key);
    g_free(image->userdata);
    g_free(image->places);
    g_free(image);
}

static gint64 place_offset(const Header *header)
{
    return PAGE + (gint64)header->place * header->place_size;
}

static GByteArray *make_text(const KxlSaveImage *image)
{
    g_autofree char *json = kxl_domain_config_to_json(image->config);
    const char *const texts[] = { json, image->userdata_key, image->userdata, image->places };
    GByteArray *out = g_byte_array_new();

    for (guint i = 0; i < G_N_ELEMENTS(texts) - !image->places; i++) {
        const char *text = texts[i] ? texts[i] : "";

        g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text) + 1);
    }
    return out;
}

static gboolean write_at(KxlFd fd, const void *data, gsize len, gint64 offset, GError **error)
{
    return lseek(fd, offset, SEEK_SET) < 0
               ? kxl_error_set_errno(error, errno, "cannot seek in the image")
               : kxl_fd_write_all(fd, data, len, error);
}

static gboolean sync_image(KxlFd fd, GError **error)
{
    return fsync(fd) == 0 || kxl_error_set_errno(error, errno, "cannot write the image");
}

static guint round_up(guint size)
{
    return (size + PAGE - 1) / PAGE * PAGE;
}

gboolean kxl_save_image_write(KxlFd fd, KxlSaveImage *image, GError **error)
{
    g_autoptr(GByteArray) text = make_text(image);
    Header header = { .magic = MAGIC,
                      .version = VERSION,
                      .flags = image->running ? FLAG_RUNNING : 0,
                      .guest_domid = (guint32)image->guest_domid,
                      .place_size = MAX(MIN_PLACE, round_up(2 * text->len)),
                      .text_len = text->len };

    header.data_offset = PAGE + 2ULL * header.place_size;
    image->data_offset = header.data_offset;
    if (!write_at(fd, text->data, text->len, place_offset(&header), error) ||
        !write_at(fd, &header, sizeof header, 0, error))
        return FALSE;
    return lseek(fd, (off_t)header.data_offset, SEEK_SET) >= 0 ||
           kxl_error_set_errno(error, errno, "cannot seek in the image");
}

/* --- reading ---------------------------------------------------------------------------------- */

static gboolean not_an_image(const char *path, GError **error)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "'%s' is no saved domain", path);
    return FALSE;
}

static gboolean read_header(KxlFd fd, const char *path, Header *header, GError **error)
{
    if (pread(fd, header, sizeof *header, 0) != sizeof *header ||
        memcmp(header->magic, MAGIC, sizeof header->magic) != 0)
        return not_an_image(path, error);
    if (header->version != VERSION) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "'%s' is of version %u, this program knows version %u", path, header->version,
                    VERSION);
        return FALSE;
    }
    if (header->place > 1 || header->place_size > MAX_PLACE ||
        header->text_len > header->place_size || header->text_len < 3 ||
        header->data_offset != PAGE + 2ULL * header->place_size)
        return not_an_image(path, error);
    return TRUE;
}

static KxlSaveImage *parse_text(const char *path, const Header *header, const char *text,
                                GError **error)
{
    g_autoptr(KxlSaveImage) image = g_new0(KxlSaveImage, 1);
    const char *end = text + header->text_len, *key, *data, *places;

    key = memchr(text, '\0', header->text_len);
    data = key && key + 1 < end ? memchr(key + 1, '\0', (gsize)(end - key - 1)) : NULL;
    if (!data || data + 1 >= end || end[-1] != '\0') {
        not_an_image(path, error);
        return NULL;
    }
    image->config = kxl_domain_config_from_json(text, error);
    if (!image->config) {
        g_prefix_error(error, "'%s': ", path);
        return NULL;
    }
    if (key[1] != '\0') {
        image->userdata_key = g_strdup(key + 1);
        image->userdata = g_strdup(data + 1);
    }
    places = data + 1 + strlen(data + 1) + 1;
    if (places < end)
        image->places = g_strdup(places);
    image->running = header->flags & FLAG_RUNNING;
    image->guest_domid = (int)header->guest_domid;
    image->data_offset = header->data_offset;
    return g_steal_pointer(&image);
}

KxlSaveImage *kxl_save_image_load(const char *path, GError **error)
{
    g_auto(KxlFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    g_autofree char *text = NULL;
    Header header;

    if (fd < 0) {
        kxl_error_set_errno(error, errno, "cannot open '%s'", path);
        return NULL;
    }
    if (!read_header(fd, path, &header, error))
        return NULL;
    text = g_malloc(header.text_len);
    if (pread(fd, text, header.text_len, place_offset(&header)) != (ssize_t)header.text_len) {
        not_an_image(path, error);
        return NULL;
    }
    return parse_text(path, &header, text, error);
}

gboolean kxl_save_image_update(const char *path, const KxlSaveImage *image, GError **error)
{
    g_auto(KxlFd) fd = open(path, O_RDWR | O_CLOEXEC);
    g_autoptr(GByteArray) text = make_text(image);
    Header header;

    if (fd < 0)
        return kxl_error_set_errno(error, errno, "cannot open '%s'", path);
    if (!read_header(fd, path, &header, error))
        return FALSE;
    if (text->len > header.place_size) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                    "the description takes %u bytes, '%s' has room for %u", text->len, path,
                    header.place_size);
        return FALSE;
    }
    header.place = 1 - header.place;
    header.text_len = text->len;
    header.flags = image->running ? FLAG_RUNNING : 0;
    return write_at(fd, text->data, text->len, place_offset(&header), error) &&
           sync_image(fd, error) && write_at(fd, &header, sizeof header, 0, error) &&
           sync_image(fd, error);
}
