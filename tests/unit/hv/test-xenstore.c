/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's requests, permissions, quotas and framing. */
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

static const XsStep nodes[] = {
    { 'D', 0, XS_READ, "/a|", "!ENOENT" },
    { 'D', 0, XS_WRITE, "/a/b/c|value" },
    { 'D', 0, XS_READ, "/a/b/c|", "value" },
    { 'D', 0, XS_READ, "/a/b|", "" },
    { 'D', 0, XS_WRITE, "/a/b/c|" },
    { 'D', 0, XS_READ, "/a/b/c|", "" },
    { 'D', 0, XS_WRITE, "/a/b/c|zero|inside|" },
    { 'D', 0, XS_READ, "/a/b/c|", "zero|inside|" },
    /* children in the order they were made */
    { 'D', 0, XS_WRITE, "/a/z|" },
    { 'D', 0, XS_WRITE, "/a/y|" },
    { 'D', 0, XS_MKDIR, "/a/x|" },
    { 'D', 0, XS_DIRECTORY, "/a|", "b|z|y|x|" },
    { 'D', 0, XS_DIRECTORY, "/a/x|", "" },
    { 'D', 0, XS_MKDIR, "/a/b/c|" }, /* keeps the value */
    { 'D', 0, XS_READ, "/a/b/c|", "zero|inside|" },
    { 'D', 0, XS_RM, "/a/z|" },
    { 'D', 0, XS_DIRECTORY, "/a|", "b|y|x|" },
    { 'D', 0, XS_WRITE, "/a/z|" },
    { 'D', 0, XS_DIRECTORY, "/a|", "b|y|x|z|" },
    { 'D', 0, XS_RM, "/a/b|" },
    { 'D', 0, XS_READ, "/a/b/c|", "!ENOENT" },
    { 'D', 0, XS_RM, "/a/nothing|" },
    { 'D', 0, XS_RM, "/nothing/there|", "!ENOENT" },
    { 'D', 0, XS_RM, "/|", "!EINVAL" },
    { 'D', 0, XS_DIRECTORY, "/|", "tool|local|secret|a|" },
    { 'D', 0, XS_DIRECTORY, "/tool|", "xenstored|" },
    { 'D', 0, XS_DIRECTORY, "/none|", "!ENOENT" },
    /* relative paths */
    { 'D', 0, XS_WRITE, "x/y|1" },
    { 'D', 0, XS_READ, "/local/domain/0/x/y|", "1" },
    { 'G', 0, XS_READ, "name|", "guest" },
    { 'G', 0, XS_READ, "/local/domain/7/name|", "guest" },
    { 0 },
};

static const XsStep malformed[] = {
    { 'D', 0, XS_READ, "/a", "!EINVAL" },
    { 'D', 0, XS_READ, "", "!EINVAL" },
    { 'D', 0, XS_READ, "|", "!EINVAL" },
    { 'D', 0, XS_READ, "/a|more|", "!EINVAL" },
    { 'D', 0, XS_READ, "/a/|", "!EINVAL" },
    { 'D', 0, XS_READ, "//a|", "!EINVAL" },
    { 'D', 0, XS_READ, "/a//b|", "!EINVAL" },
    { 'D', 0, XS_READ, "/a.b|", "!EINVAL" },
    { 'D', 0, XS_READ, "/a b|", "!EINVAL" },
    { 'D', 0, XS_READ, "/a\xff|", "!EINVAL" },
    { 'D', 0, XS_READ, "/A-z_0@9|", "!ENOENT" },
    { 'D', 0, XS_READ, "@releaseDomain|", "!EINVAL" },
    { 'D', 0, XS_WRITE, "/a", "!EINVAL" },
    { 'D', 0, XS_WRITE, "@introduceDomain|x", "!EINVAL" },
    { 'D', 0, XS_SET_PERMS, "/secret|", "!EINVAL" },
    { 'D', 0, XS_SET_PERMS, "/secret|x0|", "!EINVAL" },
    { 'D', 0, XS_SET_PERMS, "/secret|n|", "!EINVAL" },
    { 'D', 0, XS_SET_PERMS, "/secret|n0x|", "!EINVAL" },
    { 'D', 0, XS_SET_PERMS, "/secret|n99999999999|", "!EINVAL" },
    { 'D', 0, XS_SET_PERMS, "/nosuch|n0|", "!ENOENT" },
    { 'D', 0, XS_WATCH, "/a|", "!EINVAL" },
    { 'D', 0, XS_TRANSACTION_END, "T|", "!ENOENT" },
    { 'D', 0, XS_TRANSACTION_END, "X|", "!EINVAL" },
    { 'D', 0, XS_TRANSACTION_END, "", "!EINVAL" },
    { 'D', 0, XS_WATCH_EVENT, "/a|", "!ENOSYS" },
    { 'D', 0, XS_ERROR, "/a|", "!ENOSYS" },
    { 'D', 0, XS_SET_TARGET + 1, "7|", "!ENOSYS" }, /* the removed XS_RESTRICT */
    { 'D', 0, XS_TYPE_COUNT, "", "!ENOSYS" },
    { 'D', 0, XS_INVALID, "", "!ENOSYS" },
    { 'D', 0, XS_DIRECTORY_PART, "/|", "!EINVAL" },
    { 'D', 0, XS_DIRECTORY_PART, "/|x|", "!EINVAL" },
    { 'D', 0, XS_CONTROL, "check|", "!EINVAL" },
    { 'D', 0, XS_CONTROL, "print|hello|" },
    { 0 },
};

static const XsStep permissions[] = {
    { 'D', 0, XS_GET_PERMS, "/local/domain/7|", "n0|r7|" },
    { 'D', 0, XS_GET_PERMS, "/|", "n0|" },
    { 'D', 0, XS_GET_PERMS, "/local/domain/7/name|", "n0|r7|" }, /* the parent's */
    { 'G', 0, XS_DIRECTORY, "/local/domain/7|", "name|data|" },
    { 'G', 0, XS_WRITE, "name|other", "!EACCES" },
    { 'G', 0, XS_WRITE, "new|x", "!EACCES" },
    { 'G', 0, XS_MKDIR, "new|", "!EACCES" },
    { 'G', 0, XS_MKDIR, "name|", "!EACCES" },
    { 'G', 0, XS_RM, "name|", "!EACCES" },
    { 'G', 0, XS_READ, "absent|", "!ENOENT" },
    { 'G', 0, XS_READ, "/secret|", "!EACCES" },
    { 'G', 0, XS_READ, "/secret/absent|", "!EACCES" },
    { 'G', 0, XS_DIRECTORY, "/|", "!EACCES" },
    { 'G', 0, XS_SET_PERMS, "name|n7|", "!EACCES" },
    /* what a guest makes is its own, whoever owns the place */
    { 'D', 0, XS_MKDIR, "/shared|" },
    { 'D', 0, XS_SET_PERMS, "/shared|n0|b7|r9|" },
    { 'G', 0, XS_WRITE, "/shared/mine/deep|1" },
    { 'D', 0, XS_GET_PERMS, "/shared/mine|", "n7|b7|r9|" },
    { 'D', 0, XS_GET_PERMS, "/shared/mine/deep|", "n7|b7|r9|" },
    { 'D', 0, XS_WRITE, "/shared/mine/dom0|1" },
    { 'D', 0, XS_GET_PERMS, "/shared/mine/dom0|", "n7|b7|r9|" },
    { 'G', 0, XS_SET_PERMS, "/shared/mine|b7|w3|", NULL },
    { 'G', 0, XS_GET_PERMS, "/shared/mine|", "b7|w3|" },
    { 'G', 0, XS_SET_PERMS, "/shared/mine|n0|", "!EPERM" },
    { 'G', 0, XS_SET_PERMS, "/shared|n7|", "!EACCES" },
    { 'G', 0, XS_SET_PERMS, "/shared/mine|n7|r1|r2|r3|r4|" },
    { 'G', 0, XS_SET_PERMS, "/shared/mine|n7|r1|r2|r3|r4|r5|", "!ENOSPC" },
    { 'G', 0, XS_RM, "/shared/mine|" },
    /* write without read */
    { 'D', 0, XS_MKDIR, "/drop|" },
    { 'D', 0, XS_SET_PERMS, "/drop|n0|w7|" },
    { 'G', 0, XS_READ, "/drop|", "!EACCES" },
    { 'G', 0, XS_WRITE, "/drop|x" },
    { 'G', 0, XS_READ, "/drop/absent|", "!EACCES" },
    { 'G', 0, XS_WRITE, "/drop/new|x" },
    /* the first entry is everybody else's access */
    { 'D', 0, XS_MKDIR, "/open|" },
    { 'D', 0, XS_SET_PERMS, "/open|r0|" },
    { 'G', 0, XS_READ, "/open|", "" },
    { 'G', 0, XS_WRITE, "/open|x", "!EACCES" },
    { 'D', 0, XS_SET_PERMS, "/open|b0|n7|" },
    { 'G', 0, XS_READ, "/open|", "!EACCES" },
    /* special paths */
    { 'D', 0, XS_GET_PERMS, "@releaseDomain|", "n0|" },
    { 'G', 0, XS_GET_PERMS, "@releaseDomain|", "!EACCES" },
    { 'G', 0, XS_SET_PERMS, "@releaseDomain|n0|r7|", "!EACCES" },
    { 'D', 0, XS_SET_PERMS, "@releaseDomain|n0|r7|" },
    { 'G', 0, XS_GET_PERMS, "@releaseDomain|", "n0|r7|" },
    { 'D', 0, XS_GET_PERMS, "@other|", "!ENOENT" },
    { 0 },
};

static const XsStep domains[] = {
    { 'D', 0, XS_GET_DOMAIN_PATH, "7|", "/local/domain/7|" },
    { 'G', 0, XS_GET_DOMAIN_PATH, "42|", "/local/domain/42|" },
    { 'D', 0, XS_GET_DOMAIN_PATH, "x|", "!EINVAL" },
    { 'D', 0, XS_IS_DOMAIN_INTRODUCED, "7|", "T|" },
    { 'D', 0, XS_IS_DOMAIN_INTRODUCED, "0|", "T|" },
    { 'G', 0, XS_IS_DOMAIN_INTRODUCED, "8|", "F|" },
    { 'D', 0, XS_IS_DOMAIN_INTRODUCED, "7", "!EINVAL" },
    { 'G', 0, XS_INTRODUCE, "7|1|1|", "!EACCES" },
    { 'G', 0, XS_RELEASE, "7|", "!EACCES" },
    { 'G', 0, XS_RESUME, "7|", "!EACCES" },
    { 'G', 0, XS_SET_TARGET, "7|8|", "!EACCES" },
    { 'G', 0, XS_CONTROL, "help|", "!EACCES" },
    { 'D', 0, XS_INTRODUCE, "7|1|1|" },
    { 'D', 0, XS_INTRODUCE, "8|1|1|", "!EINVAL" },
    { 'D', 0, XS_INTRODUCE, "7|1|", "!EINVAL" },
    { 'D', 0, XS_RESUME, "7|" },
    { 'D', 0, XS_RESUME, "8|", "!ENOENT" },
    { 'D', 0, XS_SET_TARGET, "7|8|", "!ENOENT" },
    { 'D', 0, XS_SET_TARGET, "7|x|", "!EINVAL" },
    { 'D', 0, XS_WATCH, "@releaseDomain|r|", NULL, "D:@releaseDomain:r " },
    { 'G', 0, XS_WATCH, "@introduceDomain|i|", NULL, "G:@introduceDomain:i " },
    { 'E', 0, XS_WATCH, "@introduceDomain|i|", NULL, "E:@introduceDomain:i " },
    { 'D', 0, XS_WATCH, "/|all|", NULL, "D:/:all " },
    { 'D', 0, XS_RELEASE, "7|", NULL, "D:@releaseDomain:r " },
    { 'D', 0, XS_RELEASE, "7|", "!ENOENT" },
    { 'D', 0, XS_IS_DOMAIN_INTRODUCED, "7|", "F|" },
    { 'D', 0, XS_INTRODUCE, "7|1|1|", NULL, "E:@introduceDomain:i " },
    { 0 },
};

static const Script scripts[] = {
    { "nodes", nodes },
    { "malformed", malformed },
    { "permissions", permissions },
    { "domains", domains },
};

/* Values, paths and their limits are too long for rows. */
static void test_limits(void)
{
    XsWorld *w = xs_world_new();
    g_autofree char *big = g_strnfill(4096, 'x');
    struct {
        char who;
        guint32 type;
        const char *prefix;
        guint nr_x;
        const char *suffix, *reply;
    } rows[] = {
        { 'D', XS_WRITE, "/v|", 4093, "", "OK|" },     /* XENSTORE_PAYLOAD_MAX in all */
        { 'G', XS_WRITE, "data/v|", 2015, "", "OK|" }, /* 24 + 8 + value < 2048 */
        { 'G', XS_WRITE, "data/v|", 2016, "", "!ENOSPC" },
        { 'G', XS_WRITE, "data/w|", 2016, "", "!ENOSPC" },
        { 'D', XS_READ, "/", 3071, "|", "!ENOENT" },
        { 'D', XS_READ, "/", 3072, "|", "!EINVAL" },
        { 'G', XS_READ, "", 2048, "|", "!ENOENT" },
        { 'G', XS_READ, "", 2049, "|", "!EINVAL" },
        { 'D', XS_READ, "", 3060, "|", "!EINVAL" }, /* too long once below its home */
        { 'D', XS_WATCH, "@", 2047, "|t|", "OK|" },
        { 'D', XS_WATCH, "@", 2048, "|t|", "!EINVAL" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *payload =
            g_strdup_printf("%s%.*s%s", rows[i].prefix, (int)rows[i].nr_x, big, rows[i].suffix);
        g_autofree char *reply = xs_call(xs_world_client(w, rows[i].who), rows[i].type, 0, payload);

        g_test_message("row %u", i);
        g_assert_cmpstr(reply, ==, rows[i].reply);
    }
    xs_world_free(w);
}

static void test_node_quota(void)
{
    static const XsStep full[] = {
        { 'G', 0, XS_MKDIR, "data/more|", "!ENOSPC" },
        { 'G', 0, XS_WRITE, "data/more|x", "!ENOSPC" },
        { 'G', 0, XS_WRITE, "data/d1/n1|still" },
        { 'D', 0, XS_WRITE, "/local/domain/7/data/more|x" }, /* dom0 may, at the guest's expense */
        { 'G', 0, XS_RM, "data/d1/n1|" },
        { 'G', 0, XS_MKDIR, "data/d1/n1|", "!ENOSPC" },
        { 'G', 0, XS_RM, "data/d1/n2|" },
        { 'G', 0, XS_MKDIR, "data/d1/n1|" },
        { 'G', 0, XS_MKDIR, "data/d1/n2/n3|", "!ENOSPC" },
        { 'G', 0, XS_RM, "data/d1|" },
        { 'G', 0, XS_MKDIR, "data/d1/n2/n3|" },
        { 'D', 0, XS_RM, "/local/domain/7/data|" },
        { 'D', 0, XS_MKDIR, "/x|" },
        { 'D', 0, XS_SET_PERMS, "/x|n7|" },
        { 'G', 0, XS_MKDIR, "/x/y|" },
        { 0 },
    };
    XsWorld *w = xs_world_new();
    guint nr = 1; /* data */

    for (guint dir = 0; nr < 1000; dir++) {
        for (guint i = 0; i < 50 && nr < 1000; i++) {
            g_autofree char *path = g_strdup_printf("data/d%u/n%u|", dir, i);
            g_autofree char *reply = xs_call(w->guest, XS_MKDIR, 0, path);

            if (i == 0 && nr == 999) /* room for one, and this needs two */
                break;
            g_assert_cmpstr(reply, ==, "OK|");
            nr += i == 0 ? 2 : 1;
        }
    }
    xs_world_run(w, full);
    xs_world_free(w);
}

/* DIRECTORY refuses a list longer than a message; DIRECTORY_PART gives it by pieces and shows
 * changes. */
static void test_directory_part(void)
{
    XsWorld *w = xs_world_new();
    g_autoptr(GString) expected = g_string_new(NULL), got = g_string_new(NULL);
    g_autofree char *reply = NULL, *first_gen = NULL, *changed = NULL;
    guint parts = 0;

    for (guint i = 0; i < 1000; i++) {
        g_autofree char *path = g_strdup_printf("/many/child-%04u|", i);

        g_free(xs_call(w->dom0, XS_MKDIR, 0, path));
        g_string_append_printf(expected, "child-%04u|", i);
    }
    reply = xs_call(w->dom0, XS_DIRECTORY, 0, "/many|");
    g_assert_cmpstr(reply, ==, "!E2BIG");

    for (gboolean more = TRUE; more; parts++) {
        g_autofree char *request = g_strdup_printf("/many|%" G_GSIZE_FORMAT "|", got->len);
        g_autofree char *part = xs_call(w->dom0, XS_DIRECTORY_PART, 0, request);
        char *names = strchr(part, '|') + 1;

        g_assert_cmpuint(strlen(part), <=, XENSTORE_PAYLOAD_MAX);
        if (!first_gen)
            first_gen = g_strndup(part, (gsize)(names - part));
        g_assert_true(g_str_has_prefix(part, first_gen));
        more = !g_str_has_suffix(names, "||");
        g_string_append(got, names);
    }
    g_string_truncate(got, got->len - 1);
    g_assert_cmpstr(got->str, ==, expected->str);
    g_assert_cmpuint(parts, ==, 3);

    g_free(xs_call(w->dom0, XS_WRITE, 0, "/many/child-0000|value")); /* not the list's business */
    changed = xs_call(w->dom0, XS_DIRECTORY_PART, 0, "/many|0|");
    g_assert_true(g_str_has_prefix(changed, first_gen));
    g_free(xs_call(w->dom0, XS_RM, 0, "/many/child-0001|"));
    g_free(changed);
    changed = xs_call(w->dom0, XS_DIRECTORY_PART, 0, "/many|0|");
    g_assert_false(g_str_has_prefix(changed, first_gen));
    g_free(changed);
    changed = xs_call(w->dom0, XS_DIRECTORY_PART, 0, "/many|999999|");
    g_assert_true(g_str_has_suffix(changed, "||"));
    xs_world_free(w);
}

/* Whatever way the bytes are cut, and however little the output takes at a time. */
static void test_framing(void)
{
    XsWorld *w = xs_world_new();
    g_autoptr(GByteArray) stream = g_byte_array_new();
    static const char *const payload[] = { "/f/a|1", "/f/b|22", "/f/c|" };

    for (guint i = 0; i < G_N_ELEMENTS(payload); i++) {
        g_autoptr(GByteArray) rq = xs_request(XS_WRITE, 0, payload[i]);

        g_byte_array_append(stream, rq->data, rq->len);
    }
    for (guint step = 1; step < 64; step++) {
        guint pos = 0, idle = 0;

        w->dom0->room = 0;
        while (pos < stream->len || idle < 3) {
            gint64 n =
                xs_conn_input(w->dom0->conn, stream->data + pos, MIN(step, stream->len - pos));

            g_assert_cmpint(n, >=, 0);
            pos += (guint)n;
            w->dom0->room = step % 7 + 1;
            xs_conn_resume(w->dom0->conn);
            idle = pos < stream->len ? 0 : idle + (w->dom0->room > 0);
        }
        /* three "OK" */
        g_assert_cmpuint(w->dom0->out->len, ==, 3 * (sizeof(struct xsd_sockmsg) + 3));
        g_free(xs_client_take(w->dom0));
    }
    w->dom0->room = G_MAXSIZE;
    xs_world_free(w);
}

static void test_oversized(void)
{
    XsWorld *w = xs_world_new();
    struct xsd_sockmsg hdr = { XS_READ, 1, 0, XENSTORE_PAYLOAD_MAX + 1 };

    g_assert_cmpint(xs_conn_input(w->dom0->conn, &hdr, sizeof(hdr)), ==, -XEN_EINVAL);
    hdr.len = 0;
    g_assert_cmpint(xs_conn_input(w->dom0->conn, &hdr, sizeof(hdr)), ==, -XEN_EINVAL);
    g_assert_cmpuint(w->dom0->out->len, ==, 0);
    xs_world_free(w);
}

/* A tree as deep as paths allow is made, snapshotted and dropped without recursion. */
static void test_deep(void)
{
    XsWorld *w = xs_world_new();
    g_autoptr(GString) path = g_string_new("data");
    g_autofree char *reply = NULL;

    while (path->len + 2 <= XENSTORE_REL_PATH_MAX && path->len < 2 * 990)
        g_string_append(path, "/a");
    g_string_append_c(path, '|');
    reply = xs_call(w->guest, XS_MKDIR, 0, path->str);
    g_assert_cmpstr(reply, ==, "OK|");
    g_free(reply);
    reply = xs_call(w->guest, XS_RM, 0, "data/a|");
    g_assert_cmpstr(reply, ==, "OK|");
    xs_world_free(w);
}

static GByteArray *record(const char *path, const char *perms, const char *value)
{
    GByteArray *b = g_byte_array_new();
    guint32 len = (guint32)strlen(value);

    g_byte_array_append(b, (const guint8 *)path, strlen(path) + 1);
    g_byte_array_append(b, (const guint8 *)perms, strlen(perms) + 1);
    g_byte_array_append(b, (const guint8 *)&len, sizeof(len));
    g_byte_array_append(b, (const guint8 *)value, len);
    return b;
}

static void test_load(void)
{
    static const XsStep loaded[] = {
        { 'D', 0, XS_READ, "/vm/u/name|", "x" },
        { 'D', 0, XS_GET_PERMS, "/vm/u|", "n0|" },
        { 'D', 0, XS_GET_PERMS, "/vm/u/name|", "n0|r7|" },
        { 0 },
    };
    static const struct {
        const char *path, *perms;
        gboolean ok;
    } rows[] = {
        { "/l/1", "n0", TRUE },
        { "/l/1", "n0,r5,b4294967295", TRUE },
        { "/l/2", "", FALSE },
        { "/l/2", "n0,", FALSE },
        { "/l/2", ",n0", FALSE },
        { "/l/2", "n0,r", FALSE },
        { "l/2", "n0", FALSE },
        { "/l/2/", "n0", FALSE },
        { "/l/2", "n00000000000000000000000001", FALSE },
    };
    XsWorld *w = xs_world_new();
    g_autoptr(GByteArray) good = record("/vm/u/name", "n0,r7", "x");

    g_assert_cmpint(xs_load(w->xs, good->data, good->len), ==, 0);
    xs_world_run(w, loaded);
    g_assert_cmpint(xs_load(w->xs, NULL, 0), ==, 0);
    for (guint len = 1; len < good->len; len++) {
        g_autofree guint8 *cut = g_memdup2(good->data, len); /* so that ASan sees the end */

        g_assert_cmpint(xs_load(w->xs, cut, len), ==, -XEN_EINVAL);
    }
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) b = record(rows[i].path, rows[i].perms, "v");

        g_test_message("row %u", i);
        g_assert_cmpint(xs_load(w->xs, b->data, b->len), ==, rows[i].ok ? 0 : -XEN_EINVAL);
    }
    xs_world_free(w);
}

static void test_hv_api(void)
{
    static const struct {
        const char *text;
        gboolean ok;
        guint64 value;
    } numbers[] = {
        { "0", TRUE, 0 },
        { "51712", TRUE, 51712 },
        { "18446744073709551615", TRUE, G_MAXUINT64 },
        { "18446744073709551616", FALSE, 0 },
        { "0xfF", TRUE, 255 },
        { "0x", FALSE, 0 },
        { "", FALSE, 0 },
        { "-1", FALSE, 0 },
        { "1 ", FALSE, 0 },
        { "1a", FALSE, 0 },
        { "1111111111111111111111111111111111", FALSE, 0 },
    };
    XsWorld *w = xs_world_new();
    g_autofree char *list = NULL;
    char *text, *names;
    guint64 value;
    gsize len;

    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_assert_cmpint(xs_write_string(w->xs, "/n", numbers[i].text), ==, 0);
        g_assert_cmpint(xs_read_u64(w->xs, "/n", &value), ==, numbers[i].ok);
        if (numbers[i].ok)
            g_assert_cmpuint(value, ==, numbers[i].value);
    }
    g_assert_cmpint(xs_write_u64(w->xs, "/m/k", G_MAXUINT64), ==, 0);
    text = xs_read_string(w->xs, "/m/k");
    g_assert_cmpstr(text, ==, "18446744073709551615");
    kfree(text);
    g_assert_null(xs_read_string(w->xs, "/none"));
    g_assert_cmpint(xs_write_string(w->xs, "bad", "x"), ==, -XEN_EINVAL);
    g_assert_cmpint(xs_write_string(w->xs, "/m/j", ""), ==, 0);
    names = xs_list(w->xs, "/m", &len);
    g_assert_cmpmem(names, len, "k\0j", 4);
    kfree(names);
    g_assert_null(xs_list(w->xs, "/none", &len));
    g_assert_cmpint(xs_remove(w->xs, "/m"), ==, 0);
    g_assert_false(xs_read_u64(w->xs, "/m/k", &value));
    xs_world_free(w);
}

/* Every allocation fails in turn: the request says so, nothing changes, nothing leaks. */
static void test_no_memory(void)
{
    static const struct {
        guint32 type;
        const char *payload, *check, *before;
    } rows[] = {
        { XS_WRITE, "/m/a/b/c|value", "/m|", "x|" },  { XS_WRITE, "/m/x|value", "/m/x|", "" },
        { XS_MKDIR, "/m/y|", "/m|", "x|" },           { XS_RM, "/m/x|", "/m|", "x|" },
        { XS_SET_PERMS, "/m/x|n7|r3|", "/m/x|", "" }, { XS_WATCH, "/m|tok|", "/m|", "x|" },
        { XS_TRANSACTION_START, "|", "/m|", "x|" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (gint64 after = 0;; after++) {
            XsWorld *w = xs_world_new();
            g_autofree char *reply = NULL, *check = NULL, *start = NULL;

            g_free(xs_call(w->dom0, XS_WRITE, 0, "/m/x|"));
            start =
                xs_call(w->dom0b, XS_TRANSACTION_START, 0, "|"); /* so that the path is shared */
            harness.fail_alloc_after = after;
            reply = xs_call(w->dom0, rows[i].type, 0, rows[i].payload);
            harness.fail_alloc_after = -1;
            if (strcmp(reply, "!ENOMEM") != 0) {
                g_assert_true(strcmp(reply, "OK|") == 0 || g_ascii_isdigit(reply[0]));
                xs_world_free(w);
                break;
            }
            check = xs_call(w->dom0, XS_DIRECTORY, 0, rows[i].check);
            g_assert_cmpstr(check, ==, rows[i].before);
            xs_world_free(w);
            g_assert_cmpint(after, <, 50);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(scripts); i++) {
        g_autofree char *path = g_strdup_printf("/xenstore/%s", scripts[i].name);

        g_test_add_data_func(path, &scripts[i], run_script);
    }
    g_test_add_func("/xenstore/limits", test_limits);
    g_test_add_func("/xenstore/node-quota", test_node_quota);
    g_test_add_func("/xenstore/directory-part", test_directory_part);
    g_test_add_func("/xenstore/framing", test_framing);
    g_test_add_func("/xenstore/oversized", test_oversized);
    g_test_add_func("/xenstore/deep", test_deep);
    g_test_add_func("/xenstore/load", test_load);
    g_test_add_func("/xenstore/hv-api", test_hv_api);
    g_test_add_func("/xenstore/no-memory", test_no_memory);
    return g_test_run();
}
