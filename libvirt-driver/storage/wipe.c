/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "handler-util.h"
#include "raw-copy.h"

#define BLOCK (1u << 20)

/* scrub's names of the patterns. */
static const char *const patterns[WIPE_COUNT] = {
    [WIPE_NNSA] = "nnsa",
    [WIPE_DOD] = "dod",
    [WIPE_BSI] = "bsi",
    [WIPE_GUTMANN] = "gutmann",
    [WIPE_SCHNEIER] = "schneier",
    [WIPE_PFITZNER7] = "pfitzner7",
    [WIPE_PFITZNER33] = "pfitzner33",
    [WIPE_RANDOM] = "random",
};

static gboolean write_zeroes(int fd, guint64 len, const char *path, GError **error)
{
    g_autofree guint8 *zeroes = g_malloc0(BLOCK);

    for (guint64 at = 0; at < len;) {
        ssize_t n = pwrite(fd, zeroes, MIN(len - at, BLOCK), (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail_errno(error, "write to", path);
        at += (guint64)n;
    }
    return fdatasync(fd) == 0 || fail_errno(error, "write to", path);
}

/* Only what is there is overwritten: the holes of a file hold nothing. */
static gboolean zero_data(int fd, off_t end, const char *path, GError **error)
{
    g_autofree guint8 *zeroes = g_malloc0(BLOCK);
    off_t at = 0;

    while (at < end) {
        off_t data = lseek(fd, at, SEEK_DATA);
        off_t hole = data >= 0 ? lseek(fd, data, SEEK_HOLE) : -1;

        if (data < 0 && errno == ENXIO)
            break;
        if (hole < 0) /* no such calls here */
            return write_zeroes(fd, (guint64)end, path, error);
        for (at = data; at < hole;) {
            ssize_t n = pwrite(fd, zeroes, MIN((gsize)(hole - at), BLOCK), at);

            if (n <= 0 && errno != EINTR)
                return fail_errno(error, "write to", path);
            at += MAX(n, 0);
        }
    }
    return fdatasync(fd) == 0 || fail_errno(error, "write to", path);
}

static gboolean wipe_zero(int fd, const char *path, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail_errno(error, "look at", path);
    if (S_ISREG(st.st_mode))
        return zero_data(fd, st.st_size, path, error);
    return write_zeroes(fd, (guint64)lseek(fd, 0, SEEK_END), path, error);
}

static gboolean wipe_trim(int fd, const char *path, GError **error)
{
    guint64 range[2] = { 0, 0 };
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail_errno(error, "look at", path);
    if (S_ISREG(st.st_mode))
        return st.st_size == 0 ||
               fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, st.st_size) == 0 ||
               fail_errno(error, "discard the blocks of", path);
    range[1] = (guint64)lseek(fd, 0, SEEK_END);
    return ioctl(fd, BLKDISCARD, range) == 0 || fail_errno(error, "discard the blocks of", path);
}

static gboolean wipe_pattern(const char *path, const char *pattern, GError **error)
{
    const char *const argv[] = { "scrub", "-f", "-p", pattern, path, NULL };

    return command_run(argv, NULL, NULL, error);
}

gboolean wipe_volume(const Volume *volume, WipeAlgorithm algorithm, GError **error)
{
    const char *path = volume_local_path(volume, error);
    gboolean ok;
    int fd;

    if (path == NULL)
        return FALSE;
    /* A link leads out of the pool. A device's node may be one. */
    fd = open(path, O_RDWR | O_CLOEXEC | (volume->type == VOLUME_BLOCK ? 0 : O_NOFOLLOW));
    if (fd < 0)
        return fail_errno(error, "open", path);
    if (!image_check_unused(fd, volume->name, error))
        ok = FALSE;
    else if (algorithm == WIPE_ZERO)
        ok = wipe_zero(fd, path, error);
    else if (algorithm == WIPE_TRIM)
        ok = wipe_trim(fd, path, error);
    else
        ok = wipe_pattern(path, patterns[algorithm], error);
    close(fd);
    return ok;
}
