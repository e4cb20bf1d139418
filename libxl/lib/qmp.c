/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU docs/interop/qmp-spec: one JSON object a line, both ways. */
#include "qmp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"
#include "sock.h"

/* A line longer than this is no answer to anything we ask. */
#define MAX_LINE (16 << 20)

struct KxlQmp {
    int fd;
    GString *input;
    gboolean dead;
};

void kxl_qmp_free(KxlQmp *qmp)
{
    if (!qmp)
        return;
    kxl_fd_close(qmp->fd);
    g_string_free(qmp->input, TRUE);
    g_free(qmp);
}

static gboolean lost(KxlQmp *qmp, GError **error, const char *why)
{
    qmp->dead = TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "emulator's monitor: %s", why);
    return FALSE;
}

/* Takes one line out of the input. NULL: none is complete, or (error set) it is no JSON object. */
static JsonObject *take_message(KxlQmp *qmp, GError **error)
{
    char *end = memchr(qmp->input->str, '\n', qmp->input->len);
    g_autoptr(JsonNode) node = NULL;
    g_autofree char *line = NULL;

    if (!end)
        return NULL;
    line = g_strndup(qmp->input->str, (gsize)(end - qmp->input->str));
    g_string_erase(qmp->input, 0, end - qmp->input->str + 1);
    node = json_from_string(line, NULL);
    if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
        lost(qmp, error, "sent something that is not QMP");
        return NULL;
    }
    return json_node_dup_object(node);
}

/* Reads what is there. FALSE with error: the connection is gone. */
static gboolean read_some(KxlQmp *qmp, GError **error)
{
    char buffer[16384];
    ssize_t n = recv(qmp->fd, buffer, sizeof buffer, MSG_DONTWAIT);

    if (n > 0) {
        g_string_append_len(qmp->input, buffer, n);
        return qmp->input->len <= MAX_LINE || lost(qmp, error, "answer is too long");
    }
    if (n == 0)
        return lost(qmp, error, "closed");
    if (errno == EAGAIN || errno == EINTR)
        return TRUE;
    return lost(qmp, error, g_strerror(errno));
}

/* The next message that is no event; NULL with error on timeout or loss. */
static JsonObject *next_answer(KxlQmp *qmp, gint64 deadline_us, GError **error)
{
    for (;;) {
        g_autoptr(GError) local = NULL;
        JsonObject *message = take_message(qmp, &local);

        if (local) {
            g_propagate_error(error, g_steal_pointer(&local));
            return NULL;
        }
        if (!message) {
            if (!kxl_fd_wait(qmp->fd, POLLIN, deadline_us)) {
                qmp->dead = TRUE; /* a late answer would be taken for the next command's */
                g_set_error_literal(error, KXL_ERROR, KXL_ERROR_TIMEOUT,
                                    "emulator's monitor does not answer");
                return NULL;
            }
            if (!read_some(qmp, error))
                return NULL;
        } else if (json_object_has_member(message, "event")) {
            json_object_unref(message);
        } else {
            return message;
        }
    }
}

JsonObject *kxl_qmp_args(const char *first, ...)
{
    JsonObject *object = json_object_new();
    va_list ap;

    va_start(ap, first);
    for (const char *key = first; key; key = va_arg(ap, const char *)) {
        const char *name = key + 2, *text;

        switch (key[0]) {
        case 's':
            text = va_arg(ap, const char *);
            if (text)
                json_object_set_string_member(object, name, text);
            break;
        case 'i':
            json_object_set_int_member(object, name, va_arg(ap, gint64));
            break;
        case 'b':
            json_object_set_boolean_member(object, name, va_arg(ap, gboolean));
            break;
        case 'o':
            json_object_set_object_member(object, name, va_arg(ap, JsonObject *));
            break;
        case 'a':
            json_object_set_array_member(object, name, va_arg(ap, JsonArray *));
            break;
        default:
            g_assert_not_reached();
        }
    }
    va_end(ap);
    return object;
}

/* A descriptor goes with the first byte. */
static gboolean send_line(KxlQmp *qmp, const char *line, int fd, gint64 deadline, GError **error)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof fd)];
    } control = { .header = { .cmsg_len = CMSG_LEN(sizeof fd),
                              .cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_RIGHTS } };
    struct iovec first = { .iov_base = (char *)line, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &first,
                              .msg_iovlen = 1,
                              .msg_control = control.space,
                              .msg_controllen = sizeof control.space };

    if (fd < 0)
        return kxl_sock_send(qmp->fd, line, strlen(line), deadline, error);
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    if (TEMP_FAILURE_RETRY(sendmsg(qmp->fd, &message, MSG_NOSIGNAL)) != 1)
        return kxl_error_set_errno(error, errno, "emulator's monitor: cannot pass a descriptor");
    return kxl_sock_send(qmp->fd, line + 1, strlen(line) - 1, deadline, error);
}

JsonNode *kxl_qmp_call(KxlQmp *qmp, const char *command, JsonObject *arguments, guint timeout_ms,
                       GError **error)
{
    return kxl_qmp_call_fd(qmp, command, arguments, -1, timeout_ms, error);
}

/*
 * The monitor answers whoever is connected: to a command whose sender was killed meanwhile, too. By
 * its id an answer is known to be ours (QEMU docs/interop/qmp-spec).
 */
static char *new_id(void)
{
    static gint count;

    return g_strdup_printf("%d-%08x-%d", (int)getpid(), g_random_int(),
                           g_atomic_int_add(&count, 1));
}

static gboolean is_ours(JsonObject *answer, const char *id)
{
    JsonNode *given = json_object_get_member(answer, "id");

    return !given || g_strcmp0(json_node_get_string(given), id) == 0;
}

JsonNode *kxl_qmp_call_fd(KxlQmp *qmp, const char *command, JsonObject *arguments, int fd,
                          guint timeout_ms, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    g_autoptr(JsonObject) request = json_object_new();
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), request);
    g_autoptr(JsonObject) answer = NULL;
    g_autofree char *text = NULL, *line = NULL, *id = new_id();

    json_object_set_string_member(request, "execute", command);
    json_object_set_string_member(request, "id", id);
    if (arguments)
        json_object_set_object_member(request, "arguments", arguments);
    if (qmp->dead) {
        lost(qmp, error, "connection is lost");
        return NULL;
    }
    text = json_to_string(node, FALSE);
    line = g_strconcat(text, "\n", NULL);
    if (!send_line(qmp, line, fd, deadline, error)) {
        qmp->dead = TRUE;
        return NULL;
    }
    do {
        g_clear_pointer(&answer, json_object_unref);
        answer = next_answer(qmp, deadline, error);
    } while (answer && !is_ours(answer, id));
    if (!answer)
        return NULL;
    if (json_object_has_member(answer, "return"))
        return json_object_dup_member(answer, "return");
    if (json_object_has_member(answer, "error")) {
        JsonObject *e = json_object_get_object_member(answer, "error");
        const char *why = json_object_get_string_member_with_default(e, "desc", "unknown error");

        g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "%s: %s", command, why);
        return NULL;
    }
    lost(qmp, error, "sent an answer that is not QMP");
    return NULL;
}

gboolean kxl_qmp_run(KxlQmp *qmp, const char *command, JsonObject *arguments, guint timeout_ms,
                     GError **error)
{
    g_autoptr(JsonNode) answer = kxl_qmp_call(qmp, command, arguments, timeout_ms, error);

    return answer != NULL;
}

KxlQmp *kxl_qmp_connect(const char *path, guint timeout_ms, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    g_autoptr(KxlQmp) qmp = g_new0(KxlQmp, 1);
    g_autoptr(JsonObject) greeting = NULL;

    qmp->input = g_string_new(NULL);
    qmp->fd = kxl_sock_connect(path, deadline, error);
    if (qmp->fd < 0)
        return NULL;
    greeting = next_answer(qmp, deadline, error);
    if (!greeting)
        return NULL;
    if (!json_object_has_member(greeting, "QMP")) {
        lost(qmp, error, "is not QMP");
        return NULL;
    }
    if (!kxl_qmp_run(qmp, "qmp_capabilities", NULL, timeout_ms, error))
        return NULL;
    return g_steal_pointer(&qmp);
}
