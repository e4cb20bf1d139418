/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store under any bytes: well-formed requests made of a few words (so that they meet the same
 * nodes), raw bytes on a connection, scribbles in the guest's ring page, readers that stall, and
 * allocations that fail. Input: records of a command byte and what it needs.
 */
#include "harness.h"
#include "xenstore.h"
#include <glib.h>
#include <xen/io/xs_wire.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DOM0, GUEST, RAW, NR_CONNS };

struct state {
    const uint8_t *data;
    size_t size;
    struct xenstore *xs;
    struct xs_conn *conn[NR_CONNS];
    size_t room[NR_CONNS];
    struct xs_ring *ring;
    struct xenstore_domain_interface *page;
};

static uint8_t take(struct state *s)
{
    if (!s->size)
        return 0;
    s->size--;
    return *s->data++;
}

static size_t output(void *opaque, const void *data, size_t len)
{
    size_t *room = opaque, n = MIN(len, *room);

    *room -= n;
    return n;
}

static void watch_fired(void *opaque, const char *path)
{
    g_assert_true(path[0] == '/');
}

/* "word/word" up to four, or a value; then NUL or not. */
static void take_string(struct state *s, GString *out)
{
    static const char *const words[] = {
        "/",     "a",      "b",
        "local", "domain", "7",
        "0",     "data",   "/local/domain/7/data",
        "/a",    "/a/b",   "@releaseDomain",
        "n7",    "b0",     "r7",
        "T",     "F",      "name",
        "//",    "",       "tool",
        "100",   "\xff",   "x/",
    };
    uint8_t nr = take(s);

    for (unsigned int i = 0; i <= nr % 4; i++) {
        if (i)
            g_string_append_c(out, '/');
        g_string_append(out, words[take(s) % G_N_ELEMENTS(words)]);
    }
    if (nr & 0x40)
        g_string_set_size(out, out->len + take(s) * 17U);
    if (!(nr & 0x80))
        g_string_append_c(out, '\0');
}

static void request(struct state *s, unsigned int conn)
{
    struct xsd_sockmsg hdr = { .type = take(s) % (XS_TYPE_COUNT + 1) };
    g_autoptr(GString) bytes = g_string_new(NULL);
    uint8_t shape = take(s);

    hdr.tx_id = shape & 0x80 ? 1 + shape % 4 : 0;
    g_string_append_len(bytes, (char *)&hdr, sizeof(hdr));
    for (unsigned int i = 0; i < (shape >> 4) % 4; i++)
        take_string(s, bytes);
    if (bytes->len > sizeof(hdr) + XENSTORE_PAYLOAD_MAX)
        g_string_set_size(bytes, sizeof(hdr) + XENSTORE_PAYLOAD_MAX);
    ((struct xsd_sockmsg *)bytes->str)->len = (uint32_t)(bytes->len - sizeof(hdr));
    xs_conn_input(s->conn[conn], bytes->str, bytes->len);
}

static void raw(struct state *s)
{
    uint8_t bytes[64];
    size_t n = take(s) % sizeof(bytes);

    for (size_t i = 0; i < n; i++)
        bytes[i] = take(s);
    if (xs_conn_input(s->conn[RAW], bytes, n) >= 0)
        return;
    xs_conn_free(s->conn[RAW]);
    s->conn[RAW] = xs_conn_new(s->xs, 7, output, &s->room[RAW]);
}

static void scribble(struct state *s)
{
    uint32_t *index = &s->page->req_cons;
    uint8_t what = take(s);

    if (what & 0x80) {
        index[what % 7] = (uint32_t)take(s) << (what / 8 % 4 * 8);
    } else {
        for (unsigned int i = 0; i < what; i++)
            s->page->req[MASK_XENSTORE_IDX(s->page->req_prod++)] = (char)take(s);
        s->page->rsp_cons = s->page->rsp_prod;
    }
    xs_ring_kick(s->ring);
}

static void disturb(struct state *s)
{
    uint8_t what = take(s);
    unsigned int conn = what % NR_CONNS;

    s->room[conn] = what & 0x40 ? SIZE_MAX : take(s);
    harness.fail_alloc_after = what & 0x80 ? what / 8 % 8 : -1;
    xs_conn_resume(s->conn[conn]);
    xs_run_hv_watches(s->xs);
}

static void ring_notify(void *opaque)
{
}

static void play(struct state *s)
{
    struct domain *d = harness_domain_new(1, false);

    s->xs = xs_new(d->domid);
    s->page = harness_page(0);
    for (unsigned int i = 0; i < NR_CONNS; i++) {
        s->room[i] = SIZE_MAX;
        s->conn[i] = xs_conn_new(s->xs, i == DOM0 ? 0 : d->domid, output, &s->room[i]);
    }
    s->ring = xs_ring_new(s->xs, s->page, d->domid, ring_notify, NULL);
    xs_write_string(s->xs, "/local/domain/7/data", "");
    xs_watch(s->xs, "/", watch_fired, NULL);
    while (s->size && s->conn[RAW]) {
        uint8_t command = take(s);

        switch (command % 8) {
        case 6:
            raw(s);
            break;
        case 5:
            scribble(s);
            break;
        case 4:
            disturb(s);
            break;
        default:
            request(s, command / 8 % 2);
            break;
        }
    }
    harness.fail_alloc_after = -1;
    xs_ring_free(s->ring);
    xs_free(s->xs);
    g_assert_cmpuint(harness_live_blocks(), ==, 0);
    harness_domain_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct state s = { .data = data, .size = size };

    play(&s);
    return 0;
}
