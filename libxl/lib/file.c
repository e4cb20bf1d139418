/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fd.h"

KxlError kxl_error_from_errno(int error_number)
{
    switch (error_number) {
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO:
        return KXL_ERROR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return KXL_ERROR_PERMISSION;
    case EBUSY:
    case ETXTBSY:
        return KXL_ERROR_IN_USE;
    case ETIMEDOUT:
        return KXL_ERROR_TIMEOUT;
    default:
        return KXL_ERROR_FAILED;
    }
}

gboolean kxl_error_set_errno(GError **error, int error_number, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, KXL_ERROR, kxl_error_from_errno(error_number), "%s: %s", text,
                g_strerror(error_number));
    return FALSE;
}

char *kxl_file_read(const char *path, GError **error)
{
    g_auto(KxlFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[4096];
    ssize_t n;

    if (fd < 0) {
        kxl_error_set_errno(error, errno, "cannot open '%s'", path);
        return NULL;
    }
    while ((n = TEMP_FAILURE_RETRY(read(fd, buffer, sizeof buffer))) > 0)
        g_string_append_len(text, buffer, n);
    if (n < 0) {
        kxl_error_set_errno(error, errno, "cannot read '%s'", path);
        return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *kxl_file_link_name(const char *path)
{
    g_autofree char *target = g_file_read_link(path, NULL);

    return target ? g_path_get_basename(target) : NULL;
}

char *kxl_file_tail(const char *path, gsize max_bytes)
{
    g_auto(KxlFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    g_autofree char *text = NULL;
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    gsize len = MIN((gsize)MAX(size, 0), max_bytes);
    const char *line;
    ssize_t n;

    if (len == 0)
        return NULL;
    text = g_malloc(len + 1);
    n = TEMP_FAILURE_RETRY(pread(fd, text, len, size - (off_t)len));
    if (n <= 0)
        return NULL;
    text[n] = '\0';
    line = (gsize)size > len ? strchr(text, '\n') : NULL;
    return g_strchomp(g_utf8_make_valid(line ? line + 1 : text, -1));
}

gboolean kxl_fd_write_all(int fd, const void *data, gsize len, GError **error)
{
    for (const char *at = data; len > 0;) {
        ssize_t n = TEMP_FAILURE_RETRY(write(fd, at, len));

        if (n < 0)
            return kxl_error_set_errno(error, errno, "cannot write");
        at += n;
        len -= (gsize)n;
    }
    return TRUE;
}

gboolean kxl_file_write(const char *path, const char *text, GError **error)
{
    /* The thread's own name beside the target: two writers never share a half-written file. */
    g_autofree char *temporary = g_strdup_printf("%s.%d.%p.tmp", path, getpid(), (void *)&text);
    g_auto(KxlFd) fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return kxl_error_set_errno(error, errno, "cannot write '%s'", path);
    if (!kxl_fd_write_all(fd, text, strlen(text), error)) {
        g_prefix_error(error, "'%s': ", path);
        unlink(temporary);
        return FALSE;
    }
    if (rename(temporary, path) < 0) {
        kxl_error_set_errno(error, errno, "cannot write '%s'", path);
        unlink(temporary);
        return FALSE;
    }
    return TRUE;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    remove(path);
    return 0;
}

void kxl_remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
