/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <kanzen-abi.h>
#include <xen/xen.h>

#include "fd.h"
#include "file.h"

/* What a guest needs beside its kernel and ramdisk to come up at all: start of day pages and page
 * tables. */
#define GUEST_MIN_EXTRA (1 << 20)

G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN); /* the header is written as it lies in memory */

/* Seconds that a zone's clocks are ahead of UTC now; an unknown zone's are not. */
static gint64 zone_offset(const char *name, gint64 now_us)
{
    g_autoptr(GTimeZone) zone = name ? g_time_zone_new_identifier(name) : g_time_zone_new_local();
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(now_us / G_USEC_PER_SEC);
    g_autoptr(GDateTime) there = zone && utc ? g_date_time_to_timezone(utc, zone) : NULL;

    return there ? g_date_time_get_utc_offset(there) / G_USEC_PER_SEC : 0;
}

gint64 kxl_time_offset(const KxlDomainConfig *config, gint64 now_us)
{
    gint64 offset = config->rtc_timeoffset;

    if (config->clock_start_s)
        return offset + config->clock_start_s - now_us / G_USEC_PER_SEC;
    if (config->timezone || config->localtime == KXL_YES)
        offset += zone_offset(config->timezone, now_us);
    return offset;
}

/* Moves fd to the next page and opens a section there. */
static gboolean section_begin(int fd, struct kz_section *section, GError **error)
{
    off_t end = lseek(fd, 0, SEEK_END);
    off_t start = (end + KZ_PAGE_SIZE - 1) / KZ_PAGE_SIZE * KZ_PAGE_SIZE;

    if (end < 0 || lseek(fd, start, SEEK_SET) < 0)
        return kxl_error_set_errno(error, errno, "cannot write the boot file");
    section->offset = (guint64)start;
    return TRUE;
}

static gboolean add_bytes(int fd, struct kz_section *section, const void *data, gsize len,
                          GError **error)
{
    if (len == 0)
        return TRUE;
    section->size = len;
    return section_begin(fd, section, error) && kxl_fd_write_all(fd, data, len, error);
}

static gboolean add_kernel(int fd, const KxlBootSpec *spec, struct kz_section *section,
                           KxlKernel *ret_kernel, GError **error)
{
    if (!section_begin(fd, section, error) ||
        !kxl_kernel_unpack(spec->kernel, fd, KXL_KERNEL_PV, ret_kernel, error))
        return FALSE;
    section->size = ret_kernel->image_size;
    return TRUE;
}

static gboolean add_ramdisk(int fd, const char *path, struct kz_section *section, GError **error)
{
    g_auto(KxlFd) in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (in < 0 || fstat(in, &st) < 0)
        return kxl_error_set_errno(error, errno, "ramdisk '%s'", path);
    if (!S_ISREG(st.st_mode)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "ramdisk '%s': not a regular file", path);
        return FALSE;
    }
    if (!section_begin(fd, section, error))
        return FALSE;
    section->size = (guint64)st.st_size;
    for (guint64 left = section->size; left > 0;) {
        ssize_t n = sendfile(fd, in, NULL, left);

        if (n < 0)
            return kxl_error_set_errno(error, errno, "ramdisk '%s'", path);
        if (n == 0) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "ramdisk '%s': became shorter", path);
            return FALSE;
        }
        left -= (guint64)n;
    }
    return TRUE;
}

/* A lower bound: hv knows exactly, but this error comes before a machine is started. */
static gboolean check_memory(const KxlBootSpec *spec, const KxlKernel *kernel, guint64 ramdisk_size,
                             GError **error)
{
    guint64 needed = (kernel->memory_size + ramdisk_size + GUEST_MIN_EXTRA) / 1024;

    if (spec->config->target_memkb >= needed)
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                "memory: %" G_GUINT64_FORMAT
                " KiB is too small for kernel '%s'%s, which %s at least %" G_GUINT64_FORMAT " KiB",
                spec->config->target_memkb, spec->kernel, ramdisk_size ? " and its ramdisk" : "",
                ramdisk_size ? "need" : "needs", needed);
    return FALSE;
}

/* RFC 4122 byte order, as the text reads. */
static void uuid_bytes(const char *text, guint8 uuid[16])
{
    for (guint i = 0; i < 16; text += 2) {
        if (*text == '-')
            text++;
        uuid[i++] = (guint8)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
    }
}

static guint32 boot_flags(const KxlDomainConfig *config)
{
    return (config->localtime == KXL_YES ? KZ_BOOT_LOCALTIME : 0) |
           (g_strcmp0(config->tsc_mode, "always_emulate") == 0 ? KZ_BOOT_EMULATE_TSC : 0);
}

static void header_fill(struct kz_boot_header *h, const KxlBootSpec *spec)
{
    const KxlDomainConfig *config = spec->config;

    h->magic = KZ_BOOT_MAGIC;
    h->version = KZ_BOOT_VERSION;
    h->header_size = sizeof *h;
    h->nr_pages = config->target_memkb / 4;
    h->max_pages = MAX(config->max_memkb, config->target_memkb) / 4;
    h->domid = (guint32)spec->domid;
    h->max_vcpus = MAX(config->max_vcpus, 1);
    h->nr_vcpus = config->vcpus ? config->vcpus : h->max_vcpus;
    h->flags = boot_flags(config);
    uuid_bytes(config->uuid, h->uuid);
    h->time_offset_s = kxl_time_offset(config, spec->now_us);
    h->epoch_ns = (guint64)spec->now_us * 1000;
}

gboolean kxl_boot_file_write(const char *path, const KxlBootSpec *spec, GError **error)
{
    g_auto(KxlFd) fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const char *cmdline = spec->config->cmdline ? spec->config->cmdline : "";
    struct kz_boot_header header = { 0 };
    KxlKernel kernel;

    if (fd < 0)
        return kxl_error_set_errno(error, errno, "cannot write '%s'", path);
    if (strlen(cmdline) >= MAX_GUEST_CMDLINE) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                    "kernel command line: longer than the %d bytes a PV kernel can be given",
                    MAX_GUEST_CMDLINE - 1);
        return FALSE;
    }
    header_fill(&header, spec);
    /* The header goes last, in front: a file that has it is whole. */
    if (ftruncate(fd, KZ_PAGE_SIZE) < 0)
        return kxl_error_set_errno(error, errno, "cannot write '%s'", path);
    if (!add_kernel(fd, spec, &header.kernel, &kernel, error) ||
        (spec->config->ramdisk &&
         !add_ramdisk(fd, spec->config->ramdisk, &header.ramdisk, error)) ||
        !check_memory(spec, &kernel, header.ramdisk.size, error) ||
        !add_bytes(fd, &header.cmdline, cmdline, strlen(cmdline), error) ||
        !add_bytes(fd, &header.store, spec->store->data, spec->store->len, error))
        return FALSE;
    if (pwrite(fd, &header, sizeof header, 0) != sizeof header)
        return kxl_error_set_errno(error, errno, "cannot write '%s'", path);
    return TRUE;
}

gboolean kxl_boot_kernel_write(const char *path, const KxlDomainConfig *config, GError **error)
{
    g_auto(KxlFd) fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    KxlBootSpec spec = { .config = config, .kernel = config->kernel };
    struct stat ramdisk = { 0 };
    KxlKernel kernel;

    if (fd < 0)
        return kxl_error_set_errno(error, errno, "cannot write '%s'", path);
    if (config->ramdisk && stat(config->ramdisk, &ramdisk) < 0)
        return kxl_error_set_errno(error, errno, "ramdisk '%s'", config->ramdisk);
    return kxl_kernel_unpack(config->kernel, fd, KXL_KERNEL_PVH, &kernel, error) &&
           check_memory(&spec, &kernel, (guint64)ramdisk.st_size, error);
}
