/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Talking to the guest agent, qemu-ga: one JSON object a line, over a virtio channel that the guest
 * may open or not. Whatever an earlier talk has left in it is passed over by synchronising
 * first. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "file.h"
#include "kxl-guest.h"
#include "ops.h"
#include "sock.h"

#define CONNECT_TIMEOUT_MS 2000
#define MAX_ANSWER         (64u << 20)

/* Sent before a synchronising command, and by the agent before its answer to it: makes its parser
 * start afresh (QEMU docs/interop/qemu-ga-ref). */
#define SYNC_BYTE 0xff

typedef struct {
    KxlFd fd;
    GString *input;
    gint64 deadline;
    const char *name;
} Agent;

static void agent_end(Agent *agent)
{
    kxl_fd_close(agent->fd);
    if (agent->input)
        g_string_free(agent->input, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Agent, agent_end)

static gboolean unresponsive(const Agent *agent, GError **error)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_TIMEOUT,
                "the guest agent of domain '%s' does not answer", agent->name);
    return FALSE;
}

/* Up to the end of a line; NULL: nothing came in time. */
static char *read_line(Agent *agent, GError **error)
{
    for (;;) {
        char *end = memchr(agent->input->str, '\n', agent->input->len);
        char buffer[4096];
        ssize_t n;

        if (end) {
            char *line = g_strndup(agent->input->str, (gsize)(end - agent->input->str));

            g_string_erase(agent->input, 0, end + 1 - agent->input->str);
            return line;
        }
        if (!kxl_fd_wait(agent->fd, POLLIN, agent->deadline) || agent->input->len > MAX_ANSWER) {
            unresponsive(agent, error);
            return NULL;
        }
        n = recv(agent->fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (n == 0) {
            unresponsive(agent, error);
            return NULL;
        }
        if (n > 0)
            g_string_append_len(agent->input, buffer, n);
    }
}

static gboolean send_text(Agent *agent, const char *text, GError **error)
{
    return kxl_sock_send(agent->fd, text, strlen(text), agent->deadline, error) &&
           kxl_sock_send(agent->fd, "\n", 1, agent->deadline, error);
}

/* The answer to our own number is the first one that counts. */
static gboolean synchronise(Agent *agent, GError **error)
{
    gint64 id = g_random_int();
    g_autofree char *text = g_strdup_printf(
        "%c{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":%" G_GINT64_FORMAT "}}",
        SYNC_BYTE, id);

    if (!send_text(agent, text, error))
        return FALSE;
    for (;;) {
        g_autofree char *line = read_line(agent, error);
        const char *start;
        g_autoptr(JsonNode) node = NULL;

        if (!line)
            return FALSE;
        start = strrchr(line, SYNC_BYTE);
        node = json_from_string(start ? start + 1 : line, NULL);
        if (node && JSON_NODE_HOLDS_OBJECT(node) &&
            json_object_get_int_member_with_default(json_node_get_object(node), "return", -1) == id)
            return TRUE;
    }
}

static char *take_answer(Agent *agent, GError **error)
{
    g_autofree char *line = read_line(agent, error);
    g_autoptr(JsonNode) node = line ? json_from_string(line, NULL) : NULL;
    JsonObject *answer = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *failure;
    const char *why = NULL;

    if (!line)
        return NULL;
    if (answer && json_object_has_member(answer, "return"))
        return json_to_string(json_object_get_member(answer, "return"), FALSE);
    failure = answer ? json_object_get_member(answer, "error") : NULL;
    if (failure && JSON_NODE_HOLDS_OBJECT(failure))
        why = json_object_get_string_member_with_default(json_node_get_object(failure), "desc",
                                                         NULL);
    if (failure)
        g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "guest agent: %s",
                    why ? why : "unknown error");
    else
        g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED,
                    "guest agent: answered something that is no answer");
    return NULL;
}

/* --- the channel ------------------------------------------------------------------------------ */

/* Up to the options that follow; a comma of the path itself is doubled. */
static char *path_of_target(const char *target)
{
    GString *path = g_string_new(NULL);

    for (; *target && (*target != ',' || target[1] == ','); target++) {
        g_string_append_c(path, *target);
        target += *target == ',';
    }
    return g_string_free(path, FALSE);
}

static char *socket_path(KxlHost *host, int domid, GError **error)
{
    g_autoptr(KxlDomainConfig) config = kxl_rundir_load_config(host, domid, error);

    if (!config)
        return NULL;
    for (guint i = 0; i < config->ports->len; i++) {
        const KxlSerial *port = config->ports->pdata[i];

        if (g_strcmp0(port->name, KXL_AGENT_CHANNEL) == 0 && g_str_equal(port->kind, "unix") &&
            port->target)
            return path_of_target(port->target);
    }
    for (guint i = 0; i < config->channels->len; i++) {
        const KxlDeviceChannel *channel = config->channels->pdata[i];

        if (g_strcmp0(channel->name, KXL_AGENT_CHANNEL) == 0 && channel->path)
            return g_strdup(channel->path);
    }
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                "QEMU guest agent is not configured: domain '%s' has no channel '%s'", config->name,
                KXL_AGENT_CHANNEL);
    return NULL;
}

char *kxl_domain_agent_command(KxlHost *host, int domid, const char *command, guint timeout_s,
                               gboolean answered, GError **error)
{
    g_autofree char *lock_path = kxl_rundir_path(host, domid, "agent.lock");
    g_autofree char *path = socket_path(host, domid, error);
    g_autoptr(KxlState) state = path ? kxl_rundir_load_state(host, domid, error) : NULL;
    g_auto(KxlFd) lock = state ? kxl_lock_take(lock_path, KXL_LOCK_WAIT, error) : -1;
    g_auto(Agent) agent = { .fd = -1 };

    if (lock < 0)
        return NULL;
    agent.deadline = g_get_monotonic_time() + (gint64)timeout_s * G_USEC_PER_SEC;
    agent.name = state->name;
    agent.input = g_string_new(NULL);
    agent.fd = kxl_sock_connect(path, g_get_monotonic_time() + CONNECT_TIMEOUT_MS * 1000, error);
    if (agent.fd < 0 || !synchronise(&agent, error) || !send_text(&agent, command, error))
        return NULL;
    return answered ? take_answer(&agent, error) : g_strdup("{}");
}
