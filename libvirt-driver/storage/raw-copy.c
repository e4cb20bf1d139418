/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "raw-copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "handler-util.h"
#include "permissions.h"

#define BLOCK (1u << 20)

gboolean raw_reflink(int from, int to, const char *name, GError **error)
{
    return ioctl(to, FICLONE, from) == 0 ||
           fail_errno(error, "share the blocks of a copy with", name);
}

/* Where the kernel cannot copy between the two itself. */
static ssize_t copy_by_hand(int from, int to, off_t at, gsize len, guint8 *buffer)
{
    ssize_t n = pread(from, buffer, MIN(len, BLOCK), at);

    for (ssize_t done = 0; n > 0 && done < n;) {
        ssize_t written = pwrite(to, buffer + done, (gsize)(n - done), at + done);

        if (written < 0 && errno != EINTR)
            return -1;
        done += MAX(written, 0);
    }
    return n;
}

static gboolean copy_range(int from, int to, off_t start, off_t end, gboolean *by_hand,
                           guint8 *buffer)
{
    while (start < end) {
        gsize len = (gsize)(end - start);
        loff_t in = start, out = start;
        ssize_t n = *by_hand ? copy_by_hand(from, to, start, len, buffer)
                             : copy_file_range(from, &in, to, &out, len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        /* Other file systems, devices and old kernels: copy_file_range(2). */
        if (!*by_hand && (n == 0 || (n < 0 && (errno == EXDEV || errno == EINVAL ||
                                               errno == EOPNOTSUPP || errno == ENOSYS)))) {
            *by_hand = TRUE;
            continue;
        }
        if (n <= 0) {
            if (n == 0)
                errno = EIO; /* it became shorter */
            return FALSE;
        }
        start += n;
    }
    return TRUE;
}

static gboolean copy(int from, int to, gboolean sparse, const char *name, GError **error)
{
    off_t end = lseek(from, 0, SEEK_END);
    g_autofree guint8 *buffer = g_malloc(BLOCK);
    gboolean by_hand = FALSE;

    for (off_t at = 0; at < end;) {
        off_t data = sparse ? lseek(from, at, SEEK_DATA) : at;
        off_t hole;

        if (data < 0 && errno == ENXIO) /* nothing but holes from here on */
            break;
        if (data < 0) {
            data = at;
            sparse = FALSE;
        }
        hole = sparse ? lseek(from, data, SEEK_HOLE) : end;
        if (hole < 0 || !copy_range(from, to, data, hole, &by_hand, buffer))
            return fail_errno(error, "copy to", name);
        at = hole;
    }
    return TRUE;
}

gboolean raw_copy(int from, int to, const char *name, GError **error)
{
    return copy(from, to, TRUE, name, error);
}

gboolean raw_copy_all(int from, int to, const char *name, GError **error)
{
    return copy(from, to, FALSE, name, error);
}

/* Where QEMU locks bytes of an image, one for each thing it does with it and one for each it allows
 * others: docs/system/images, "Disk image file locking", and RAW_LOCK_PERM_BASE. */
#define LOCK_FIRST 100
#define LOCK_BYTES 200

gboolean image_check_unused(int fd, const char *name, GError **error)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_FIRST, .l_len = LOCK_BYTES
    };

    /* Where there are no such locks QEMU has none either. */
    return fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK ||
           fail(error, VIR_ERR_RESOURCE_BUSY, "volume '%s' is open in a virtual machine", name);
}
