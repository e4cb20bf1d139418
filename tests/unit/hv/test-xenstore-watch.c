/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches: who is told what, when, once; and transactions, which decide when there is anything to
 * tell. */
#include "xs-client.h"
#include <string.h>

typedef struct {
    const char *name;
    const XsStep *steps;
} Script;

static void run_script(gconstpointer data)
{
    const Script *script = data;
    XsWorld *w = xs_world_new();

    xs_world_run(w, script->steps);
    xs_world_free(w);
}

static const XsStep registration[] = {
    { 'D', 0, XS_WATCH, "/w|t1|", NULL, "D:/w:t1 " }, /* absent nodes too */
    { 'D', 0, XS_WATCH, "/w|t1|", "!EEXIST" },
    { 'D', 0, XS_WATCH, "/w|t2|", NULL, "D:/w:t2 " },
    { 'E', 0, XS_WATCH, "/w|t1|", NULL, "E:/w:t1 " },
    { 'D', 0, XS_WRITE, "/w|x", NULL, "D:/w:t1 D:/w:t2 E:/w:t1 " },
    { 'D', 0, XS_UNWATCH, "/w|t3|", "!ENOENT" },
    { 'D', 0, XS_UNWATCH, "/v|t1|", "!ENOENT" },
    { 'D', 0, XS_UNWATCH, "/w|t1|" },
    { 'D', 0, XS_UNWATCH, "/w|t1|", "!ENOENT" },
    { 'D', 0, XS_WRITE, "/w|x", NULL, "D:/w:t2 E:/w:t1 " },
    { 'D', 0, XS_RESET_WATCHES, "|" },
    { 'D', 0, XS_WRITE, "/w|x", NULL, "E:/w:t1 " },
    { 'D', 0, XS_WATCH, "/w||", NULL, "D:/w: " }, /* an empty token */
    { 'D', 0, XS_WATCH, "w|t|", NULL, "D:w:t " },
    { 'D', 0, XS_WATCH, "@nonsense|t|", NULL, "D:@nonsense:t " },
    { 'G', 0, XS_WATCH, "/secret|t|", NULL, "G:/secret:t " }, /* tells nothing about the node */
    { 'G', 0, XS_WATCH, "bad//path|t|", "!EINVAL" },
    { 0 },
};

static const XsStep paths[] = {
    { 'D', 0, XS_WATCH, "/|root|", NULL, "D:/:root " },
    { 'D', 0, XS_WRITE, "/a/b/c|x", NULL, "D:/a/b/c:root " }, /* not for /a and /a/b */
    { 'D', 0, XS_UNWATCH, "/|root|" },
    { 'D', 0, XS_WATCH, "/a/b|t|", NULL, "D:/a/b:t " },
    { 'D', 0, XS_WRITE, "/a/bc|x" },
    { 'D', 0, XS_WRITE, "/a|x" },
    { 'D', 0, XS_WRITE, "/a/b|x", NULL, "D:/a/b:t " },
    { 'D', 0, XS_WRITE, "/a/b/c/d|x", NULL, "D:/a/b/c/d:t " },
    { 'D', 0, XS_MKDIR, "/a/b/e|", NULL, "D:/a/b/e:t " },
    { 'D', 0, XS_MKDIR, "/a/b/e|" }, /* nothing happened */
    { 'D', 0, XS_SET_PERMS, "/a/b/e|n0|r7|", NULL, "D:/a/b/e:t " },
    { 'D', 0, XS_READ, "/a/b|", "x" },
    /* removal: the watches below hear of their own node, the others of the top */
    { 'D', 0, XS_WATCH, "/a/b/c/d|deep|", NULL, "D:/a/b/c/d:deep " },
    { 'D', 0, XS_WATCH, "/a/b/none|none|", NULL, "D:/a/b/none:none " },
    { 'D', 0, XS_WATCH, "/a|top|", NULL, "D:/a:top " },
    { 'D', 0, XS_RM, "/a/b|", NULL, "D:/a/b/c/d:deep D:/a/b:t D:/a/b:top " },
    { 'D', 0, XS_RM, "/a/b|" },
    /* relative watches get relative paths */
    { 'G', 0, XS_WATCH, "data|rel|", NULL, "G:data:rel " },
    { 'G', 0, XS_WATCH, "/local/domain/7/data|abs|", NULL, "G:/local/domain/7/data:abs " },
    { 'D', 0, XS_WRITE, "/local/domain/7/data/k|x", NULL,
      "G:data/k:rel G:/local/domain/7/data/k:abs " },
    { 'G', 0, XS_UNWATCH, "/local/domain/7/data|rel|" }, /* the same node, however named */
    { 'G', 0, XS_WRITE, "data/k|y", NULL, "G:/local/domain/7/data/k:abs " },
    { 0 },
};

static const XsStep visibility[] = {
    { 'G', 0, XS_WATCH, "/|t|", NULL, "G:/:t " },
    { 'D', 0, XS_WRITE, "/secret|x" },
    { 'D', 0, XS_WRITE, "/secret/a|x" },
    { 'D', 0, XS_WRITE, "/local/domain/7/name|x", NULL, "G:/local/domain/7/name:t " },
    /* gone, but what it was could be read */
    { 'D', 0, XS_RM, "/local/domain/7/name|", NULL, "G:/local/domain/7/name:t " },
    /* opened, then closed to it */
    { 'D', 0, XS_SET_PERMS, "/secret|n0|r7|", NULL, "G:/secret:t " },
    { 'D', 0, XS_SET_PERMS, "/secret|n0|", NULL, "G:/secret:t " },
    { 'D', 0, XS_SET_PERMS, "/secret|n0|w7|" },
    { 'D', 0, XS_RM, "/secret/a|" },
    { 'D', 0, XS_RM, "/secret|" },
    { 0 },
};

static const XsStep isolation[] = {
    { 'D', 0, XS_WRITE, "/t/a|1" },
    { 'E', 0, XS_WATCH, "/t|t|", NULL, "E:/t:t " },
    { 'D', 'A', XS_TRANSACTION_START, "|", "#" },
    { 'D', 'A', XS_WRITE, "/t/a|2" },
    { 'D', 'A', XS_WRITE, "/t/b/c|new" },
    { 'D', 'A', XS_WRITE, "/t/a|3" },
    { 'D', 'A', XS_READ, "/t/a|", "3" },
    { 'D', 0, XS_READ, "/t/a|", "1" },
    { 'E', 0, XS_READ, "/t/b/c|", "!ENOENT" },
    { 'D', 'A', XS_DIRECTORY, "/t|", "a|b|" },
    { 'D', 0, XS_DIRECTORY, "/t|", "a|" },
    /* each node once, in the order of the changes */
    { 'D', 'A', XS_TRANSACTION_END, "T|", NULL, "E:/t/a:t E:/t/b/c:t " },
    { 'E', 0, XS_READ, "/t/a|", "3" },
    { 'D', 'A', XS_READ, "/t/a|", "!ENOENT" },
    { 'D', 'A', XS_TRANSACTION_END, "T|", "!ENOENT" },
    /* given up */
    { 'D', 'A', XS_TRANSACTION_START, "|", "#" },
    { 'D', 'A', XS_RM, "/t|" },
    { 'D', 'A', XS_READ, "/t/a|", "!ENOENT" },
    { 'D', 'A', XS_TRANSACTION_END, "F|" },
    { 'D', 0, XS_READ, "/t/a|", "3" },
    /* a snapshot does not move, and only reading it never conflicts */
    { 'D', 'A', XS_TRANSACTION_START, "|", "#" },
    { 'E', 0, XS_WRITE, "/t/a|4", NULL, "E:/t/a:t " },
    { 'D', 'A', XS_READ, "/t/a|", "3" },
    { 'E', 0, XS_RM, "/t/b|", NULL, "E:/t/b:t " },
    { 'D', 'A', XS_READ, "/t/b/c|", "new" },
    { 'D', 'A', XS_TRANSACTION_END, "T|" },
    /* an id is the connection's own; the guest's and dom0's do not mix */
    { 'D', 'A', XS_TRANSACTION_START, "|", "#" },
    { 'E', 'A', XS_READ, "/t/a|", "4" }, /* E has no A: id 0 */
    { 'D', 'A', XS_MKDIR, "/t/x|" },
    { 'D', 'A', XS_WATCH, "/t/x|in|", NULL, "D:/t/x:in " }, /* the id means nothing to watches */
    { 'D', 'A', XS_TRANSACTION_END, "T|", NULL, "D:/t/x:in E:/t/x:t " },
    { 'D', 'A', XS_TRANSACTION_START, "|", "#" },
    { 'D', 'A', XS_RESET_WATCHES, "|" },
    { 'D', 'A', XS_TRANSACTION_END, "T|", "!ENOENT" },
    { 0 },
};

/* Each pair: what the transaction saw or did, and what another did meanwhile. */
static const struct {
    guint32 type;
    const char *payload;
    guint32 other_type;
    const char *other;
    gboolean conflict;
} conflicts[] = {
    { XS_READ, "/c/a|", XS_WRITE, "/c/a|2", TRUE },
    { XS_READ, "/c/a|", XS_SET_PERMS, "/c/a|r0|", TRUE },
    { XS_READ, "/c/a|", XS_RM, "/c/a|", TRUE },
    { XS_READ, "/c/a|", XS_WRITE, "/c/b|2", FALSE },
    { XS_READ, "/c/a|", XS_WRITE, "/c/a/child|2", FALSE },
    { XS_READ, "/c/new|", XS_WRITE, "/c/new|2", TRUE }, /* its absence was seen */
    { XS_READ, "/c/new|", XS_WRITE, "/c/new2|2", FALSE },
    { XS_DIRECTORY, "/c|", XS_WRITE, "/c/a|2", FALSE },
    { XS_DIRECTORY, "/c|", XS_WRITE, "/c/new|2", TRUE },
    { XS_DIRECTORY, "/c|", XS_RM, "/c/b|", TRUE },
    { XS_DIRECTORY, "/c|", XS_MKDIR, "/c/a/new|", FALSE },
    { XS_GET_PERMS, "/c/a|", XS_SET_PERMS, "/c/a|r0|", TRUE },
    { XS_WRITE, "/c/a|1", XS_WRITE, "/c/a|2", TRUE },
    { XS_WRITE, "/c/a|1", XS_WRITE, "/c/b|2", FALSE },
    { XS_WRITE, "/c/new1|1", XS_WRITE, "/c/new2|2", FALSE },
    { XS_WRITE, "/c/new|1", XS_WRITE, "/c/new|2", TRUE },
    { XS_MKDIR, "/c/new|", XS_MKDIR, "/c/new|", TRUE },
    { XS_MKDIR, "/c/a|", XS_WRITE, "/c/a|2", FALSE },
    { XS_RM, "/c/a|", XS_WRITE, "/c/a|2", TRUE },
    { XS_RM, "/c/a|", XS_WRITE, "/c/a/child|2", TRUE },
    { XS_RM, "/c/a|", XS_WRITE, "/c/b|2", FALSE },
    { XS_SET_PERMS, "/c/a|r0|", XS_WRITE, "/c/a|2", TRUE },
    { XS_WRITE, "/c/a/x|1", XS_RM, "/c|", FALSE }, /* made anew, as if written after */
    { XS_READ, "/c/a|", XS_READ, "/c/a|", FALSE },
};

static void test_conflicts(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(conflicts); i++) {
        XsWorld *w = xs_world_new();
        g_autofree char *start = NULL, *end = NULL, *written = NULL, *other = NULL;
        guint32 tx;

        g_test_message("row %u", i);
        g_free(xs_call(w->dom0, XS_WRITE, 0, "/c/a|0"));
        g_free(xs_call(w->dom0, XS_WRITE, 0, "/c/b|0"));
        start = xs_call(w->dom0, XS_TRANSACTION_START, 0, "|");
        tx = (guint32)g_ascii_strtoull(start, NULL, 10);
        g_free(xs_call(w->dom0, conflicts[i].type, tx, conflicts[i].payload));
        g_free(xs_call(w->dom0, XS_WRITE, tx,
                       "/elsewhere|1")); /* so that there is something to commit */
        other = xs_call(w->dom0b, conflicts[i].other_type, 0, conflicts[i].other);
        g_assert_false(g_str_has_prefix(other, "!"));
        end = xs_call(w->dom0, XS_TRANSACTION_END, tx, "T|");
        g_assert_cmpstr(end, ==, conflicts[i].conflict ? "!EAGAIN" : "OK|");
        written = xs_call(w->dom0, XS_READ, 0, "/elsewhere|");
        g_assert_cmpstr(written, ==, conflicts[i].conflict ? "!ENOENT" : "1");
        xs_world_free(w);
    }
}

static const XsStep merged[] = {
    { 'D', 0, XS_WRITE, "/m/a|1" },
    { 'E', 0, XS_WATCH, "/m|t|", NULL, "E:/m:t " },
    { 'D', 'A', XS_TRANSACTION_START, "|", "#" },
    { 'D', 'A', XS_WRITE, "/m/d1/x|1" },
    { 'D', 'A', XS_RM, "/m/a|" },
    { 'D', 'A', XS_SET_PERMS, "/m/d1/x|n7|" },
    { 'E', 0, XS_WRITE, "/m/d2/y|2", NULL, "E:/m/d2/y:t " },
    { 'D', 'A', XS_TRANSACTION_END, "T|", NULL, "E:/m/d1/x:t E:/m/a:t " },
    { 'D', 0, XS_DIRECTORY, "/m|", "d2|d1|" },
    { 'D', 0, XS_GET_PERMS, "/m/d1/x|", "n7|" },
    /* removed and made again in one transaction: one event */
    { 'D', 'A', XS_TRANSACTION_START, "|", "#" },
    { 'D', 'A', XS_RM, "/m/d1|" },
    { 'D', 'A', XS_WRITE, "/m/d1|again" },
    { 'D', 'A', XS_TRANSACTION_END, "T|", NULL, "E:/m/d1:t " },
    /* two of one connection at a time */
    { 'D', 'A', XS_TRANSACTION_START, "|", "#" },
    { 'D', 'B', XS_TRANSACTION_START, "|", "#" },
    { 'D', 'A', XS_TRANSACTION_START, "|", "#" },
    { 'D', 'A', XS_WRITE, "/m/A|1" },
    { 'D', 'B', XS_WRITE, "/m/B|1" },
    { 'D', 'B', XS_TRANSACTION_END, "T|", NULL, "E:/m/B:t " },
    { 'D', 'A', XS_TRANSACTION_END, "T|", NULL, "E:/m/A:t " },
    { 0 },
};

static const XsStep guest_transaction[] = {
    { 'G', 'A', XS_TRANSACTION_START, "|", "#" },
    { 'G', 'A', XS_WRITE, "data/ring-ref|8" },
    { 'G', 'A', XS_WRITE, "name|x", "!EACCES" },
    { 'G', 'A', XS_WRITE, "data/event-channel|9" },
    { 'D', 0, XS_READ, "/local/domain/7/data/ring-ref|", "!ENOENT" },
    { 'G', 'A', XS_TRANSACTION_END, "T|" },
    { 'D', 0, XS_GET_PERMS, "/local/domain/7/data/ring-ref|", "n7|" },
    /* what it may no longer do at the end, it has not done */
    { 'G', 'A', XS_TRANSACTION_START, "|", "#" },
    { 'G', 'A', XS_WRITE, "data/late|1" },
    { 'D', 0, XS_SET_PERMS, "/local/domain/7/data|n0|r7|" },
    { 'G', 'A', XS_TRANSACTION_END, "T|", "!EAGAIN" },
    { 'G', 0, XS_READ, "data/late|", "!ENOENT" },
    { 'G', 'A', XS_TRANSACTION_START, "|", "#" },
    { 'G', 'A', XS_TRANSACTION_START, "|", "#" },
    { 0 },
};

static const Script scripts[] = {
    { "registration", registration },
    { "paths", paths },
    { "visibility", visibility },
    { "isolation", isolation },
    { "merged", merged },
    { "guest-transaction", guest_transaction },
};

static void test_quotas(void)
{
    XsWorld *w = xs_world_new();
    g_autofree char *first = NULL, *denied = NULL;

    for (guint i = 0; i <= 128; i++) {
        g_autofree char *payload = g_strdup_printf("data|token-%u|", i);
        g_autofree char *reply = xs_call(w->guest, XS_WATCH, 0, payload);

        g_assert_cmpstr(reply, ==, i < 128 ? "OK|" : "!E2BIG");
    }
    for (guint i = 0; i <= 10; i++) {
        g_autofree char *reply = xs_call(w->guest, XS_TRANSACTION_START, 0, "|");

        g_assert_cmpint(g_ascii_isdigit(reply[0]), ==, i < 10 ? TRUE : FALSE);
        if (!first)
            first = g_steal_pointer(&reply);
    }
    /* nodes looked at in one transaction */
    for (guint i = 0; i <= 1024; i++) {
        g_autofree char *payload = g_strdup_printf("data/n%u|", i);
        g_autofree char *reply = xs_call(w->guest, XS_READ, (guint32)atoi(first), payload);

        g_assert_cmpstr(reply, ==, i < 1024 ? "!ENOENT" : "!ENOSPC");
    }
    denied = xs_call(w->guest, XS_TRANSACTION_END, (guint32)atoi(first), "T|");
    g_assert_cmpstr(denied, ==, "OK|");
    xs_world_free(w);
}

/* What a transaction holds back of hv's heap is bounded. */
static void test_transaction_bytes(void)
{
    XsWorld *w = xs_world_new();
    g_autofree char *start = xs_call(w->guest, XS_TRANSACTION_START, 0, "|");
    g_autofree char *big = g_strnfill(2000, 'x');
    g_autofree char *payload = g_strdup_printf("data/k|%s", big);
    g_autofree char *end = NULL;
    guint n = 0;

    for (gboolean full = FALSE; !full; n++) {
        g_autofree char *reply = xs_call(w->guest, XS_WRITE, (guint32)atoi(start), payload);

        full = strcmp(reply, "!ENOSPC") == 0;
        g_assert_cmpuint(n, <, 200);
    }
    g_assert_cmpuint(n, >, 100);
    end = xs_call(w->guest, XS_TRANSACTION_END, (guint32)atoi(start), "T|");
    g_assert_cmpstr(end, ==, "OK|");
    xs_world_free(w);
}

/* A guest that does not read gets each event once, and of too many it is told the watch alone. */
static void test_slow_reader(void)
{
    static const XsStep watch[] = {
        { 'G', 0, XS_WATCH, "data|t|", NULL, "G:data:t " },
        { 'G', 0, XS_WATCH, "/local/domain/7/name|n|", NULL, "G:/local/domain/7/name:n " },
        { 0 },
    };
    XsWorld *w = xs_world_new();
    gsize blocks;

    xs_world_run(w, watch);
    w->guest->room = 0;
    for (guint i = 0; i < 5; i++) {
        xs_write_string(w->xs, "/local/domain/7/data/k", "x");
        xs_write_string(w->xs, "/local/domain/7/name", "x");
    }
    w->guest->room = G_MAXSIZE;
    xs_conn_resume(w->guest->conn);
    g_free(xs_client_take(w->guest));
    g_assert_cmpstr(w->guest->events->str, ==,
                    /* the first was on its way when the second came */
                    "G:data/k:t G:/local/domain/7/name:n G:data/k:t ");
    g_string_truncate(w->guest->events, 0);

    w->guest->room = 0;
    for (guint i = 0; i < 20000; i++) {
        g_autofree char *path = g_strdup_printf("/local/domain/7/data/n%u", i);

        xs_write_string(w->xs, path, "x");
        xs_remove(w->xs, path);
    }
    blocks = harness_live_blocks();
    g_assert_cmpuint(blocks, <, 6000);
    w->guest->room = G_MAXSIZE;
    xs_conn_resume(w->guest->conn);
    g_free(xs_client_take(w->guest));
    g_assert_true(g_str_has_prefix(w->guest->events->str, "G:data/n0:t G:data/n0:t G:data/n1:t "));
    g_assert_true(g_str_has_suffix(w->guest->events->str, " G:data:t "));
    g_assert_cmpuint(w->guest->events->len, <, 64 * 1024);
    xs_world_free(w);
}

/* No memory for an event: the watch fires later, with its own path. */
static void test_lost_event(void)
{
    static const XsStep watch[] = {
        { 'D', 0, XS_WRITE, "/l/a|1" },
        { 'D', 0, XS_WATCH, "/l|t|", NULL, "D:/l:t " },
        { 0 },
    };
    XsWorld *w = xs_world_new();

    xs_world_run(w, watch);
    for (gint64 after = 0; after < 10; after++) {
        int err;

        harness.fail_alloc_after = after;
        err = xs_write_string(w->xs, "/l/a", "2");
        harness.fail_alloc_after = -1;
        xs_conn_resume(w->dom0->conn);
        g_free(xs_client_take(w->dom0));
        if (err)
            g_assert_cmpstr(w->dom0->events->str, ==, "");
        else
            g_assert_true(strcmp(w->dom0->events->str, "D:/l:t ") == 0 ||
                          strcmp(w->dom0->events->str, "D:/l/a:t ") == 0);
        g_string_truncate(w->dom0->events, 0);
    }
    xs_world_free(w);
}

typedef struct {
    struct xenstore *xs;
    GString *seen;
    struct xs_hv_watch *watch;
    guint due;
} HvWatch;

static void hv_watch_fired(void *opaque, const char *path)
{
    HvWatch *hw = opaque;

    g_string_append_printf(hw->seen, "%s ", path);
    if (g_str_has_suffix(path, "/again"))
        xs_write_string(hw->xs, "/h/consequence", "x");
    if (g_str_has_suffix(path, "/stop")) {
        xs_unwatch(hw->watch);
        hw->watch = NULL;
    }
}

static void hv_watch_due(void *opaque)
{
    ((HvWatch *)opaque)->due++;
}

static void hv_watch_expect(HvWatch *hw, const char *expected)
{
    xs_run_hv_watches(hw->xs);
    g_assert_cmpstr(hw->seen->str, ==, expected);
    g_string_truncate(hw->seen, 0);
}

static void test_hv_watch(void)
{
    XsWorld *w = xs_world_new();
    HvWatch hw = { .xs = w->xs, .seen = g_string_new(NULL) };

    xs_set_watch_due(w->xs, hv_watch_due, &hw);
    hw.watch = xs_watch(w->xs, "/h", hv_watch_fired, &hw);
    g_assert_cmpuint(hw.due, ==, 1);
    g_assert_cmpstr(hw.seen->str, ==, ""); /* never from inside the call */
    hv_watch_expect(&hw, "/h ");
    xs_write_string(w->xs, "/h/a", "1");
    xs_write_string(w->xs, "/h/b", "1");
    xs_write_string(w->xs, "/h/a", "2");
    hv_watch_expect(&hw, "/h/a /h/b ");
    xs_write_string(w->xs, "/h/again", "1");
    hv_watch_expect(&hw, "/h/again /h/consequence ");
    xs_remove(w->xs, "/h");
    hv_watch_expect(&hw, "/h ");
    for (guint i = 0; i < 3000; i++) {
        g_autofree char *path = g_strdup_printf("/h/n%u", i);

        xs_write_string(w->xs, path, "x");
    }
    xs_run_hv_watches(w->xs);
    g_assert_true(g_str_has_suffix(hw.seen->str, " /h/n1023 /h "));
    g_string_truncate(hw.seen, 0);
    xs_write_string(w->xs, "/h/stop", "1");
    xs_write_string(w->xs, "/h/more", "1");
    hv_watch_expect(&hw, "/h/stop ");
    g_string_free(hw.seen, TRUE);
    xs_world_free(w);
}

/* A dead connection takes its watches and transactions with it. */
static void test_close(void)
{
    XsWorld *w = xs_world_new();
    XsClient *c = xs_client_new(w->xs, 0, 'C');
    g_autofree char *start = NULL;
    gsize blocks = harness_live_blocks();

    g_free(xs_call(c, XS_WATCH, 0, "/x|t|"));
    start = xs_call(c, XS_TRANSACTION_START, 0, "|");
    g_free(xs_call(c, XS_WRITE, (guint32)atoi(start), "/x|1"));
    c->room = 0;
    xs_write_string(w->xs, "/x", "2");
    xs_client_free(c);
    g_assert_cmpuint(harness_live_blocks(), <=, blocks + 1); /* /x; the connection itself is gone */
    xs_write_string(w->xs, "/x", "3");
    xs_world_free(w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(scripts); i++) {
        g_autofree char *path = g_strdup_printf("/xenstore-watch/%s", scripts[i].name);

        g_test_add_data_func(path, &scripts[i], run_script);
    }
    g_test_add_func("/xenstore-watch/conflicts", test_conflicts);
    g_test_add_func("/xenstore-watch/quotas", test_quotas);
    g_test_add_func("/xenstore-watch/transaction-bytes", test_transaction_bytes);
    g_test_add_func("/xenstore-watch/slow-reader", test_slow_reader);
    g_test_add_func("/xenstore-watch/lost-event", test_lost_event);
    g_test_add_func("/xenstore-watch/hv-watch", test_hv_watch);
    g_test_add_func("/xenstore-watch/close", test_close);
    return g_test_run();
}
