/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a kernel file to the ELF image that hv loads, or QEMU for a PVH guest. A bzImage carries the
 * ELF as a compressed payload that its setup header points to (Linux
 * Documentation/arch/x86/boot.rst, protocol 2.08 and later).
 */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "decompress.h"
#include "fd.h"
#include "file.h"

/* No kernel is near this; a bound for what a few bytes of compressed file may make us write. */
#define IMAGE_LIMIT (G_GUINT64_CONSTANT(1) << 30)

/* boot.rst, "The Real-Mode Kernel Header". */
#define SETUP_SECTS        0x1f1
#define SETUP_MAGIC        0x202 /* "HdrS" */
#define SETUP_VERSION      0x206
#define SETUP_PAYLOAD_OFF  0x248
#define SETUP_PAYLOAD_LEN  0x24c
#define SETUP_MIN_SIZE     0x250
#define SETUP_MIN_PROTOCOL 0x0208

typedef struct {
    const guint8 *data;
    gsize len;
} Span;

static void map_clear(Span *map)
{
    if (map->data)
        munmap((void *)map->data, map->len);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Span, map_clear)

static gboolean map_fd(int fd, const char *path, Span *ret_map, GError **error)
{
    struct stat st;
    void *data;

    if (fstat(fd, &st) < 0)
        return kxl_error_set_errno(error, errno, "cannot stat '%s'", path);
    if (!S_ISREG(st.st_mode)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "'%s' is not a regular file", path);
        return FALSE;
    }
    if (st.st_size == 0) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "'%s' is empty", path);
        return FALSE;
    }
    data = mmap(NULL, (gsize)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return kxl_error_set_errno(error, errno, "cannot map '%s'", path);
    ret_map->data = data;
    ret_map->len = (gsize)st.st_size;
    return TRUE;
}

static guint32 get_le16(const guint8 *p)
{
    return p[0] | (guint32)p[1] << 8;
}

static guint32 get_le32(const guint8 *p)
{
    return get_le16(p) | get_le16(p + 2) << 16;
}

static gboolean is_bzimage(Span file)
{
    return file.len >= SETUP_MIN_SIZE && memcmp(file.data + SETUP_MAGIC, "HdrS", 4) == 0;
}

static gboolean bzimage_payload(Span file, Span *ret_payload, GError **error)
{
    guint32 sectors = file.data[SETUP_SECTS] ? file.data[SETUP_SECTS] : 4; /* boot.rst: 0 means 4 */
    guint64 start = (sectors + 1) * 512 + (guint64)get_le32(file.data + SETUP_PAYLOAD_OFF);
    guint32 len = get_le32(file.data + SETUP_PAYLOAD_LEN);

    if (get_le16(file.data + SETUP_VERSION) < SETUP_MIN_PROTOCOL) {
        g_set_error_literal(error, KXL_ERROR, KXL_ERROR_INVALID,
                            "its boot protocol is too old to find the kernel in it");
        return FALSE;
    }
    if (start > file.len || len > file.len - start || len < 4) {
        g_set_error_literal(error, KXL_ERROR, KXL_ERROR_INVALID, "truncated bzImage");
        return FALSE;
    }
    *ret_payload = (Span){ file.data + start, len };
    return TRUE;
}

static gboolean is_elf(Span s)
{
    return s.len >= 4 && memcmp(s.data, "\177ELF", 4) == 0;
}

/* Writes the ELF inside file to fd. */
static gboolean unpack(Span file, int fd, guint64 *ret_size, GError **error)
{
    const KxlCompression *compression;
    Span payload = file;

    if (is_bzimage(file) && !bzimage_payload(file, &payload, error))
        return FALSE;
    if (is_elf(payload)) {
        *ret_size = payload.len;
        return kxl_fd_write_all(fd, payload.data, payload.len, error);
    }
    compression = kxl_compression_detect(payload.data, payload.len);
    if (!compression) {
        g_set_error_literal(error, KXL_ERROR, KXL_ERROR_INVALID,
                            "not a kernel: neither an ELF image nor a bzImage");
        return FALSE;
    }
    return kxl_decompress(compression, payload.data, payload.len, fd, IMAGE_LIMIT, ret_size, error);
}

/* The image just written, from its first byte. Its place in the file need not be a multiple of a
 * page. */
static gboolean check_written(int fd, off_t start, guint64 size, KxlKernelKind kind,
                              KxlKernel *ret_kernel, GError **error)
{
    g_auto(Span) map = { 0 };

    if (size == 0) {
        g_set_error_literal(error, KXL_ERROR, KXL_ERROR_INVALID, "nothing in it");
        return FALSE;
    }
    if (!map_fd(fd, "the unpacked kernel", &map, error))
        return FALSE;
    return kxl_kernel_check(map.data + start, size, kind, ret_kernel, error);
}

gboolean kxl_kernel_unpack(const char *path, int fd, KxlKernelKind kind, KxlKernel *ret_kernel,
                           GError **error)
{
    g_auto(KxlFd) in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    off_t start = lseek(fd, 0, SEEK_CUR);
    g_auto(Span) file = { 0 };
    guint64 size;

    if (in < 0)
        return kxl_error_set_errno(error, errno, "kernel '%s'", path);
    if (!map_fd(in, path, &file, error)) {
        g_prefix_error(error, "kernel: ");
        return FALSE;
    }
    if (!unpack(file, fd, &size, error) ||
        !check_written(fd, start, size, kind, ret_kernel, error)) {
        g_prefix_error(error, "kernel '%s': ", path);
        return FALSE;
    }
    return TRUE;
}
