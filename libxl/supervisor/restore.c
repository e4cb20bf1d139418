/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain that comes from a saved image: the run directory's "incoming" says where its machine
 * is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "session.h"

#define TIMEOUT_MS 20000
/* QEMU reads the image in one go and answers nothing meanwhile. */
#define LOAD_TIMEOUT_MS (60 * 60 * 1000)
#define POLL_US         10000

void restore_prepare(Session *s)
{
    g_autofree char *path = session_path(s, "incoming");
    g_autofree char *text = kxl_file_read(path, NULL);
    char *image;

    g_clear_pointer(&s->image, g_free);
    if (!text)
        return;
    s->image_offset = (off_t)g_ascii_strtoll(text, &image, 10);
    s->image = g_strdup(g_strstrip(image));
    remove(path); /* the next life of the domain boots */
}

/* QEMU loads in its main loop: when it answers again it is done, or gone. */
static gboolean wait_loaded(Session *s, GError **error)
{
    for (;;) {
        g_autoptr(JsonNode) answer =
            kxl_qmp_call(s->qmp, "query-status", NULL, LOAD_TIMEOUT_MS, error);
        const char *status;

        if (!answer)
            return FALSE;
        status = json_object_get_string_member(json_node_get_object(answer), "status");
        if (!g_str_equal(status, "inmigrate"))
            return TRUE;
        if (session_interrupted(s, error))
            return FALSE;
        g_usleep(POLL_US);
    }
}

static gboolean load(Session *s, KxlFd fd, GError **error)
{
    g_autoptr(JsonNode) got = kxl_qmp_call_fd(
        s->qmp, "getfd", kxl_qmp_args("s:fdname", "restore", NULL), fd, TIMEOUT_MS, error);

    return got &&
           kxl_qmp_run(s->qmp, "migrate-incoming", kxl_qmp_args("s:uri", "fd:restore", NULL),
                       TIMEOUT_MS, error) &&
           wait_loaded(s, error);
}

gboolean restore_load(Session *s, GError **error)
{
    g_auto(KxlFd) fd = -1;
    g_autofree char *tail = NULL;

    if (!s->image)
        return TRUE;
    fd = open(s->image, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || lseek(fd, s->image_offset, SEEK_SET) < 0)
        return kxl_error_set_errno(error, errno, "cannot read '%s'", s->image);
    if (load(s, fd, error))
        return TRUE;
    tail = session_log_tail(s);
    g_prefix_error(error, "cannot restore from '%s': ", s->image);
    if (*tail)
        g_prefix_error(error, "%s: ", tail);
    return FALSE;
}
