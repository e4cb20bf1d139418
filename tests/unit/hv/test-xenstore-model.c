/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random requests of several transactions and an outsider, checked against the simplest store there
 * could be: a table of paths. A transaction must see its snapshot and its own changes only; after a
 * commit the store must be as if its changes had been made at that moment, and watchers told each
 * changed node once; after EAGAIN nothing must have happened, and something else must have.
 */
#include "xs-client.h"
#include <string.h>

#define NR_TX  3
#define NR_OPS 20000

static const char *const paths[] = { "/p",     "/p/a",   "/p/b",     "/p/a/x",
                                     "/p/a/y", "/p/b/x", "/p/a/x/1", "/p/a/x/2" };

typedef struct {
    guint32 type;
    const char *path;
    guint value;
} Change;

typedef struct {
    guint32 id;      /* 0: not begun */
    GHashTable *see; /* path -> value: what the transaction must see */
    GArray *changes; /* of Change */
    guint version;   /* of the model when it began */
} Tx;

typedef struct {
    XsWorld *w;
    XsClient *watcher;
    GHashTable *now; /* the store outside transactions */
    guint version;
    Tx tx[NR_TX];
    guint nr_commits, nr_conflicts;
} Model;

static GHashTable *table_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void table_set(GHashTable *table, const char *path, const char *value)
{
    g_hash_table_insert(table, g_strdup(path), g_strdup(value));
}

static GHashTable *table_copy(GHashTable *from)
{
    GHashTable *copy = table_new();
    GHashTableIter iter;
    gpointer path, value;

    g_hash_table_iter_init(&iter, from);
    while (g_hash_table_iter_next(&iter, &path, &value))
        table_set(copy, path, value);
    return copy;
}

static gboolean is_below(gpointer path, gpointer value, gpointer top)
{
    size_t len = strlen(top);

    return strncmp(path, top, len) == 0 && (((char *)path)[len] == '/' || !((char *)path)[len]);
}

static void make_parents(GHashTable *table, const char *path)
{
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        g_autofree char *parent = g_strndup(path, (gsize)(slash - path));

        if (!g_hash_table_contains(table, parent))
            table_set(table, parent, "");
    }
}

/* The change in a table. The reply that a request for it must get. */
static const char *change_table(GHashTable *table, const Change *c)
{
    g_autofree char *value = g_strdup_printf("%u", c->value);
    g_autofree char *parent = g_path_get_dirname(c->path);

    if (c->type == XS_RM) {
        if (!g_hash_table_contains(table, c->path))
            return strcmp(parent, "/") == 0 || g_hash_table_contains(table, parent) ? "OK|"
                                                                                    : "!ENOENT";
        g_hash_table_foreach_remove(table, is_below, (gpointer)c->path);
        return "OK|";
    }
    make_parents(table, c->path);
    if (c->type == XS_WRITE)
        table_set(table, c->path, value);
    else if (!g_hash_table_contains(table, c->path))
        table_set(table, c->path, "");
    return "OK|";
}

static char *call_change(XsClient *client, guint32 tx, const Change *c)
{
    g_autofree char *payload = c->type == XS_WRITE ? g_strdup_printf("%s|%u", c->path, c->value)
                                                   : g_strdup_printf("%s|", c->path);

    return xs_call(client, c->type, tx, payload);
}

/* Every path reads as the table says. */
static void check_reads(XsClient *client, guint32 tx, GHashTable *table)
{
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *payload = g_strdup_printf("%s|", paths[i]);
        g_autofree char *reply = xs_call(client, XS_READ, tx, payload);
        const char *value = g_hash_table_lookup(table, paths[i]);

        g_assert_cmpstr(reply, ==, value ? value : "!ENOENT");
    }
}

/* The events of the watch at "/p": each changed path once, nothing else. */
static void check_events(XsClient *watcher, const Change *changes, guint nr)
{
    g_auto(GStrv) events = NULL;
    g_autoptr(GHashTable) expected = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < nr; i++)
        g_hash_table_add(expected, (gpointer)changes[i].path);
    g_free(xs_client_take(watcher));
    events = g_strsplit(watcher->events->str, " ", -1);
    g_string_truncate(watcher->events, 0);
    for (guint i = 0; events[i] && *events[i]; i++) {
        g_auto(GStrv) part = g_strsplit(events[i], ":", 3);

        if (!g_hash_table_remove(expected, part[1]))
            g_error("event for '%s', unexpected or told twice", part[1]);
    }
    g_assert_cmpuint(g_hash_table_size(expected), ==, 0);
}

/* A change that finds nothing to do is no change: an existing node made, an absent one removed. */
static gboolean has_effect(GHashTable *table, const Change *c)
{
    return c->type == XS_WRITE || g_hash_table_contains(table, c->path) == (c->type == XS_RM);
}

static Change random_change(void)
{
    static const guint32 types[] = { XS_WRITE, XS_WRITE, XS_WRITE, XS_MKDIR, XS_RM };

    return (Change){ types[g_test_rand_int_range(0, G_N_ELEMENTS(types))],
                     paths[g_test_rand_int_range(0, G_N_ELEMENTS(paths))],
                     (guint)g_test_rand_int_range(0, 100) };
}

static void change_outside(Model *m)
{
    Change c = random_change();
    gboolean effect = has_effect(m->now, &c);
    g_autofree char *reply = call_change(m->w->dom0b, 0, &c);

    g_assert_cmpstr(reply, ==, change_table(m->now, &c));
    m->version += effect;
    check_events(m->watcher, &c, effect);
}

static void tx_begin(Model *m, Tx *tx)
{
    g_autofree char *id = xs_call(m->w->dom0, XS_TRANSACTION_START, 0, "|");

    tx->id = (guint32)g_ascii_strtoull(id, NULL, 10);
    tx->see = table_copy(m->now);
    tx->changes = g_array_new(FALSE, FALSE, sizeof(Change));
    tx->version = m->version;
}

static void tx_change(Model *m, Tx *tx)
{
    Change c = random_change();
    gboolean effect = has_effect(tx->see, &c);
    g_autofree char *reply = call_change(m->w->dom0, tx->id, &c);

    g_assert_cmpstr(reply, ==, change_table(tx->see, &c));
    if (effect)
        g_array_append_val(tx->changes, c);
    check_events(m->watcher, NULL, 0);
}

static void tx_read(Model *m, Tx *tx)
{
    const char *path = paths[g_test_rand_int_range(0, G_N_ELEMENTS(paths))];
    g_autofree char *payload = g_strdup_printf("%s|", path);
    g_autofree char *reply = xs_call(m->w->dom0, XS_READ, tx->id, payload);
    const char *value = g_hash_table_lookup(tx->see, path);

    g_assert_cmpstr(reply, ==, value ? value : "!ENOENT");
}

static void tx_end(Model *m, Tx *tx)
{
    gboolean commit = g_test_rand_int_range(0, 5) > 0;
    g_autofree char *reply = xs_call(m->w->dom0, XS_TRANSACTION_END, tx->id, commit ? "T|" : "F|");
    gboolean done = commit && strcmp(reply, "OK|") == 0;

    if (!done && commit) {
        g_assert_cmpstr(reply, ==, "!EAGAIN");
        g_assert_cmpuint(tx->version, !=, m->version);
        m->nr_conflicts++;
    }
    for (guint i = 0; done && i < tx->changes->len; i++)
        change_table(m->now, &g_array_index(tx->changes, Change, i));
    check_events(m->watcher, (Change *)tx->changes->data, done ? tx->changes->len : 0);
    if (done && tx->changes->len) {
        m->version++;
        m->nr_commits++;
    }
    g_hash_table_unref(tx->see);
    g_array_unref(tx->changes);
    *tx = (Tx){ 0 };
    check_reads(m->w->dom0b, 0, m->now);
}

static void test_model(void)
{
    Model m = { .w = xs_world_new(), .now = table_new() };

    m.watcher = xs_client_new(m.w->xs, 0, 'W');
    g_free(xs_call(m.watcher, XS_WATCH, 0, "/p|t|"));
    g_string_truncate(m.watcher->events, 0);
    for (guint i = 0; i < NR_OPS; i++) {
        Tx *tx = &m.tx[g_test_rand_int_range(0, NR_TX)];
        int what = g_test_rand_int_range(0, 20);

        if (what < 2)
            change_outside(&m);
        else if (!tx->id)
            tx_begin(&m, tx);
        else if (what < 9)
            tx_read(&m, tx);
        else if (what < 17)
            tx_change(&m, tx);
        else
            tx_end(&m, tx);
    }
    for (guint i = 0; i < NR_TX; i++) {
        if (m.tx[i].id)
            tx_end(&m, &m.tx[i]);
    }
    g_test_message("%u commits, %u conflicts", m.nr_commits, m.nr_conflicts);
    g_assert_cmpuint(m.nr_commits, >, 20);
    g_assert_cmpuint(m.nr_conflicts, >, 20);
    g_hash_table_unref(m.now);
    xs_client_free(m.watcher);
    xs_world_free(m.w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xenstore-model/transactions", test_model);
    return g_test_run();
}
