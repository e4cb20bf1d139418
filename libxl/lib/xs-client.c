/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xs-client.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#include "fd.h"
#include "file.h"
#include "sock.h"

/* Of a transaction that others get in the way of. */
#define MAX_TRIES 100

struct KxlXs {
    int fd;
    guint timeout_ms;
    guint32 last_id;
    int ours, guests;    /* domids, when they differ */
    guint32 transaction; /* 0: none */
};

KxlXs *kxl_xs_connect(const char *path, guint timeout_ms, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    int fd = kxl_sock_connect(path, deadline, error);
    KxlXs *xs;

    if (fd < 0)
        return NULL;
    xs = g_new0(KxlXs, 1);
    xs->fd = fd;
    xs->timeout_ms = timeout_ms;
    return xs;
}

void kxl_xs_free(KxlXs *xs)
{
    if (!xs)
        return;
    kxl_fd_close(xs->fd);
    g_free(xs);
}

/* XS_ERROR carries errno by name. */
static int errno_from_name(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(xsd_errors); i++)
        if (g_str_equal(xsd_errors[i].errstring, name))
            return xsd_errors[i].errnum;
    return EIO;
}

/* One reply, NUL-terminated; watch events and replies to requests that timed out are passed
 * over. */
static char *receive(KxlXs *xs, struct xsd_sockmsg *ret_header, gint64 deadline, GError **error)
{
    for (;;) {
        struct xsd_sockmsg header;
        g_autofree char *payload = NULL;

        if (!kxl_sock_recv(xs->fd, &header, sizeof header, deadline, error))
            return NULL;
        if (header.len > XENSTORE_PAYLOAD_MAX) {
            kxl_error_set_errno(error, EPROTO, "xenstore reply of %u bytes", header.len);
            return NULL;
        }
        payload = g_malloc0(header.len + 1);
        if (!kxl_sock_recv(xs->fd, payload, header.len, deadline, error))
            return NULL;
        if (header.req_id == xs->last_id && header.type != XS_WATCH_EVENT) {
            *ret_header = header;
            return g_steal_pointer(&payload);
        }
    }
}

/* --- domids ----------------------------------------------------------------------------------- */

void kxl_xs_translate(KxlXs *xs, int ours, int guests)
{
    xs->ours = ours;
    xs->guests = guests;
}

/* Where the domid is in a path, taken apart at its slashes. */
static guint domid_at(char *const *parts, guint n)
{
    guint at = 4;

    if (!g_str_equal(parts[3], "0"))
        return 3;
    if (n > at && g_str_equal(parts[at], "error"))
        at++;
    return n > at + 2 && g_str_equal(parts[at], "backend") ? at + 2 : 3;
}

/* "/local/domain/OURS...", "/local/domain/0/backend/TYPE/OURS..." and the same below error, with
 * the guest's domid. */
static char *translate(const KxlXs *xs, const char *text)
{
    g_auto(GStrv) parts = NULL;
    g_autofree char *ours = g_strdup_printf("%d", xs->ours);
    guint n, at;

    if (xs->ours == xs->guests || !g_str_has_prefix(text, "/local/domain/"))
        return g_strdup(text);
    parts = g_strsplit(text, "/", -1); /* "", "local", "domain", domid, "backend", type, domid */
    n = g_strv_length(parts);
    at = domid_at(parts, n);
    if (!g_str_equal(parts[at], ours))
        return g_strdup(text);
    g_free(parts[at]);
    parts[at] = g_strdup_printf("%d", xs->guests);
    return g_strjoinv("/", parts);
}

/* A value (NULL: none) that is a path, or the domid itself where the protocol wants that; else as
 * it is. */
static char *translate_value(const KxlXs *xs, const char *path, const char *value, gsize *len)
{
    g_autofree char *ours = g_strdup_printf("%d", xs->ours);
    g_autofree char *text = g_strndup(value, *len);
    char *out;

    if (value == NULL || xs->ours == xs->guests || strlen(text) != *len)
        return g_memdup2(value, *len);
    if (g_str_has_suffix(path, "/frontend-id") && g_str_equal(text, ours))
        out = g_strdup_printf("%d", xs->guests);
    else
        out = translate(xs, text);
    *len = strlen(out);
    return out;
}

/* Sends and returns the reply's payload. *ret_errno: what the store answered, 0 when it did as
 * asked. value follows the path and its NUL. */
static char *request(KxlXs *xs, guint32 type, const char *given_path, const char *given_value,
                     gsize value_len, int *ret_errno, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)xs->timeout_ms * 1000;
    g_autofree char *path = translate(xs, given_path);
    g_autofree char *value = translate_value(xs, given_path, given_value, &value_len);
    gsize path_len = strlen(path) + 1;
    struct xsd_sockmsg header = { .type = type,
                                  .req_id = ++xs->last_id,
                                  .tx_id = xs->transaction,
                                  .len = (guint32)(path_len + value_len) };
    g_autoptr(GByteArray) message = g_byte_array_new();
    char *reply;

    if (path_len > XENSTORE_ABS_PATH_MAX || path_len + value_len > XENSTORE_PAYLOAD_MAX) {
        kxl_error_set_errno(error, E2BIG, "xenstore '%s'", path);
        return NULL;
    }
    g_byte_array_append(message, (const guint8 *)&header, sizeof header);
    g_byte_array_append(message, (const guint8 *)path, (guint)path_len);
    g_byte_array_append(message, (const guint8 *)value, (guint)value_len);
    reply = kxl_sock_send(xs->fd, message->data, message->len, deadline, error)
                ? receive(xs, &header, deadline, error)
                : NULL;
    if (!reply) {
        g_prefix_error(error, "xenstore '%s': ", path);
        return NULL;
    }
    *ret_errno = header.type == XS_ERROR ? errno_from_name(reply) : 0;
    return reply;
}

/* A request whose reply says nothing. */
static gboolean ask(KxlXs *xs, guint32 type, const char *path, const char *value, gsize value_len,
                    GError **error)
{
    int answered = 0;
    g_autofree char *reply = request(xs, type, path, value, value_len, &answered, error);

    if (!reply)
        return FALSE;
    return answered == 0 || kxl_error_set_errno(error, answered, "xenstore '%s'", path);
}

char *kxl_xs_read(KxlXs *xs, const char *path, GError **error)
{
    int answered = 0;
    g_autofree char *reply = request(xs, XS_READ, path, NULL, 0, &answered, error);

    if (!reply || answered == ENOENT)
        return NULL;
    if (answered) {
        kxl_error_set_errno(error, answered, "xenstore '%s'", path);
        return NULL;
    }
    return g_steal_pointer(&reply);
}

gboolean kxl_xs_write(KxlXs *xs, const char *path, const char *value, GError **error)
{
    return ask(xs, XS_WRITE, path, value, strlen(value), error);
}

gboolean kxl_xs_set_perms(KxlXs *xs, const char *path, const char *perms, GError **error)
{
    gsize len = strlen(perms) + 1;
    g_autofree char *list = g_strdelimit(g_strdup(perms), ",", '\0');

    return ask(xs, XS_SET_PERMS, path, list, len, error);
}

gboolean kxl_xs_remove(KxlXs *xs, const char *path, GError **error)
{
    int answered = 0;
    g_autofree char *reply = request(xs, XS_RM, path, NULL, 0, &answered, error);

    if (!reply)
        return FALSE;
    return answered == 0 || answered == ENOENT ||
           kxl_error_set_errno(error, answered, "xenstore '%s'", path);
}

/* --- transactions ----------------------------------------------------------------------------- */

static gboolean begin(KxlXs *xs, GError **error)
{
    int answered = 0;
    g_autofree char *reply = request(xs, XS_TRANSACTION_START, "", NULL, 0, &answered, error);

    if (!reply)
        return FALSE;
    if (answered)
        return kxl_error_set_errno(error, answered, "xenstore transaction");
    xs->transaction = (guint32)g_ascii_strtoull(reply, NULL, 10);
    return TRUE;
}

/* *ret_again: somebody else's change came in between. The request is "T" or "F" alone. */
static gboolean end(KxlXs *xs, gboolean commit, gboolean *ret_again, GError **error)
{
    int answered = 0;
    g_autofree char *reply =
        request(xs, XS_TRANSACTION_END, commit ? "T" : "F", NULL, 0, &answered, error);

    xs->transaction = 0;
    *ret_again = answered == EAGAIN;
    if (!reply)
        return FALSE;
    return answered == 0 || *ret_again ||
           kxl_error_set_errno(error, answered, "xenstore transaction");
}

gboolean kxl_xs_transact(KxlXs *xs, KxlXsChange change, gconstpointer data, GError **error)
{
    gboolean again = TRUE;

    for (guint tries = 0; again && tries < MAX_TRIES; tries++) {
        if (!begin(xs, error))
            return FALSE;
        if (!change(xs, data, error)) {
            end(xs, FALSE, &again, NULL);
            return FALSE;
        }
        if (!end(xs, TRUE, &again, error))
            return FALSE;
    }
    return !again || kxl_error_set_errno(error, EAGAIN, "xenstore transaction");
}
