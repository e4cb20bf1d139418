/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xs-client.h"
#include <string.h>

static size_t client_output(void *opaque, const void *data, size_t len)
{
    XsClient *c = opaque;
    size_t n = MIN(len, c->room);

    g_byte_array_append(c->out, data, n);
    if (c->room != G_MAXSIZE)
        c->room -= n;
    return n;
}

XsClient *xs_client_new(struct xenstore *xs, guint32 domid, char name)
{
    XsClient *c = g_new0(XsClient, 1);

    c->name = name;
    c->room = G_MAXSIZE;
    c->out = g_byte_array_new();
    c->events = g_string_new(NULL);
    c->conn = xs_conn_new(xs, domid, client_output, c);
    g_assert_nonnull(c->conn);
    return c;
}

void xs_client_free(XsClient *c)
{
    xs_conn_free(c->conn);
    g_byte_array_unref(c->out);
    g_string_free(c->events, TRUE);
    g_free(c);
}

GByteArray *xs_request(guint32 type, guint32 tx_id, const char *payload)
{
    struct xsd_sockmsg hdr = { type, 77, tx_id, (guint32)strlen(payload) };
    GByteArray *bytes = g_byte_array_new();

    g_byte_array_append(bytes, (const guint8 *)&hdr, sizeof(hdr));
    g_byte_array_append(bytes, (const guint8 *)payload, hdr.len);
    for (guint i = sizeof(hdr); i < bytes->len; i++) {
        if (bytes->data[i] == '|')
            bytes->data[i] = '\0';
    }
    return bytes;
}

static char *readable(const guint8 *data, gsize len)
{
    char *text = g_malloc(len + 1);

    for (gsize i = 0; i < len; i++)
        text[i] = data[i] ? (char)data[i] : '|';
    text[len] = '\0';
    return text;
}

char *xs_client_take(XsClient *c)
{
    char *reply = NULL;

    while (c->out->len >= sizeof(struct xsd_sockmsg)) {
        struct xsd_sockmsg hdr;
        g_autofree char *text = NULL;

        memcpy(&hdr, c->out->data, sizeof(hdr));
        g_assert_cmpuint(hdr.len, <=, XENSTORE_PAYLOAD_MAX);
        if (c->out->len < sizeof(hdr) + hdr.len)
            break;
        text = readable(c->out->data + sizeof(hdr), hdr.len);
        g_byte_array_remove_range(c->out, 0, sizeof(hdr) + hdr.len);
        if (hdr.type == XS_WATCH_EVENT) {
            g_auto(GStrv) part = g_strsplit(text, "|", 3);

            g_assert_cmpuint(hdr.req_id | hdr.tx_id, ==, 0);
            g_string_append_printf(c->events, "%c:%s:%s ", c->name, part[0], part[1]);
            continue;
        }
        g_assert_cmpuint(hdr.req_id, ==, 77);
        g_free(reply);
        reply = hdr.type == XS_ERROR ? g_strdup_printf("!%.*s", (int)strlen(text) - 1, text)
                                     : g_steal_pointer(&text);
    }
    return reply;
}

char *xs_call(XsClient *c, guint32 type, guint32 tx_id, const char *payload)
{
    g_autoptr(GByteArray) bytes = xs_request(type, tx_id, payload);

    g_assert_cmpint(xs_conn_input(c->conn, bytes->data, bytes->len), ==, bytes->len);
    return xs_client_take(c);
}

XsClient *xs_world_client(XsWorld *w, char who)
{
    return who == 'D' ? w->dom0 : who == 'E' ? w->dom0b : w->guest;
}

XsWorld *xs_world_new(void)
{
    static const XsStep layout[] = {
        { 'D', 0, XS_MKDIR, "/local/domain/0|" },
        { 'D', 0, XS_MKDIR, "/local/domain/7|" },
        { 'D', 0, XS_SET_PERMS, "/local/domain/7|n0|r7|" },
        { 'D', 0, XS_WRITE, "/local/domain/7/name|guest" },
        { 'D', 0, XS_MKDIR, "/local/domain/7/data|" },
        { 'D', 0, XS_SET_PERMS, "/local/domain/7/data|n7|" },
        { 'D', 0, XS_MKDIR, "/secret|" },
        { 0 },
    };
    XsWorld *w = g_new0(XsWorld, 1);

    w->d = harness_domain_new(1, false);
    w->xs = xs_new(w->d->domid);
    w->d->store = w->xs;
    w->dom0 = xs_client_new(w->xs, 0, 'D');
    w->dom0b = xs_client_new(w->xs, 0, 'E');
    w->guest = xs_client_new(w->xs, w->d->domid, 'G');
    xs_world_run(w, layout);
    return w;
}

void xs_world_free(XsWorld *w)
{
    xs_client_free(w->dom0);
    xs_client_free(w->dom0b);
    xs_client_free(w->guest);
    xs_free(w->xs);
    g_assert_cmpuint(harness_live_blocks(), ==, 0);
    harness_domain_free(w->d);
    g_free(w);
}

static void check_reply(const XsStep *s, guint row, const char *reply)
{
    const char *expected = s->reply ? s->reply : "OK|";

    if (strcmp(expected, "#") == 0) {
        g_assert_nonnull(reply);
        g_assert_true(g_ascii_isdigit(reply[0]));
        return;
    }
    if (g_strcmp0(reply, expected) != 0)
        g_error("row %u, type %u '%s': reply '%s', expected '%s'", row, s->type, s->payload,
                reply ? reply : "(none)", expected);
}

static void check_events(XsWorld *w, const XsStep *s, guint row)
{
    g_autoptr(GString) all = g_string_new(NULL);
    XsClient *clients[] = { w->dom0, w->dom0b, w->guest };

    for (guint i = 0; i < G_N_ELEMENTS(clients); i++) {
        g_free(xs_client_take(clients[i]));
        g_string_append(all, clients[i]->events->str);
        g_string_truncate(clients[i]->events, 0);
    }
    if (g_strcmp0(all->str, s->events ? s->events : "") != 0)
        g_error("row %u, type %u '%s': events '%s', expected '%s'", row, s->type, s->payload,
                all->str, s->events ? s->events : "");
}

void xs_world_run(XsWorld *w, const XsStep *steps)
{
    for (guint row = 0; steps[row].who; row++) {
        const XsStep *s = &steps[row];
        XsClient *c = xs_world_client(w, s->who);
        gboolean starts = s->type == XS_TRANSACTION_START;
        guint32 tx_id = s->tx && !starts ? c->tx[(guchar)s->tx] : 0;
        g_autofree char *reply = xs_call(c, s->type, tx_id, s->payload);

        check_reply(s, row, reply);
        if (starts && s->tx)
            c->tx[(guchar)s->tx] = (guint32)g_ascii_strtoull(reply, NULL, 10);
        check_events(w, s, row);
    }
}
