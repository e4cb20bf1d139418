/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The back ends' state machine with a make-believe device type: scripts of what dom0 and the front
 * end write. */
#include "backend.h"
#include "pci.h"
#include "xs-client.h"
#include <string.h>

#define FRONT "/local/domain/7/device/fake/1"
#define BACK  "/local/domain/0/backend/fake/7/1"

/* What the type was asked to do: P probe, C connect, D disconnect, R remove; and changed keys. E:
 * ejected. */
static GString *calls;
static struct backend_dev *the_dev;
static gboolean probe_fails, connect_fails, slow_disconnect;

static int fake_probe(struct backend_dev *dev)
{
    g_string_append_c(calls, 'P');
    the_dev = dev;
    if (probe_fails)
        return backend_error(dev, -XEN_ENODEV, "no device at %04x", dev->bdf);
    return backend_write(dev, "sectors", "%u", 2048);
}

static int fake_connect(struct backend_dev *dev)
{
    guint64 ref;

    g_string_append_c(calls, 'C');
    if (!backend_read_frontend_u64(dev, "ring-ref", &ref))
        return backend_error(dev, -XEN_EINVAL, "reading ring-ref");
    return connect_fails ? backend_error(dev, -XEN_EINVAL, "mapping ring %d", (int)ref) : 0;
}

static bool fake_disconnect(struct backend_dev *dev)
{
    g_string_append_c(calls, 'D');
    return !slow_disconnect;
}

static void fake_remove(struct backend_dev *dev)
{
    g_string_append_c(calls, 'R');
}

static void fake_changed(struct backend_dev *dev, bool in_frontend, const char *key)
{
    g_string_append_printf(calls, "[%s%s]", in_frontend ? "f:" : "b:", key);
}

void pci_eject(uint16_t bdf)
{
    g_string_append_c(calls, 'E');
}

static const struct backend_node fake_features[] = { { "feature-a", "1" },
                                                     { "feature-b", "0" },
                                                     { NULL, NULL } };
static const struct backend_type fake = {
    .name = "fake",
    .features = fake_features,
    .probe = fake_probe,
    .connect = fake_connect,
    .disconnect = fake_disconnect,
    .remove = fake_remove,
    .changed = fake_changed,
};
const struct backend_type *const backend_types[] = { &fake, NULL };

enum action {
    END,
    ADD,         /* dom0 makes the device */
    REMOVE,      /* dom0 removes the back end's directory */
    FRONT_STATE, /* the front end writes its state */
    FRONT_RING,  /* the front end writes ring-ref */
    FRONT_GONE,  /* dom0 removes the front end's directory */
    BACK_NODE,   /* dom0 writes the node arg=value */
    FRONT_NODE,
    FAIL,         /* the type calls backend_fail() */
    DISCONNECTED, /* ... backend_disconnected() */
    SET_PROBE_FAILS,
    SET_CONNECT_FAILS,
    SET_SLOW,
};

typedef struct {
    enum action action;
    const char *arg;
    const char *calls; /* NULL: none */
    int state;         /* of the back end afterwards; -1: absent */
} Step;

static void add_device(struct xenstore *xs)
{
    /* As the toolstack does, all at once. */
    XsClient *c = xs_client_new(xs, 0, 'T');
    g_autofree char *id = xs_call(c, XS_TRANSACTION_START, 0, "|");
    static const char *const nodes[] = {
        BACK "/frontend|" FRONT,    BACK "/frontend-id|7", BACK "/online|1",
        BACK "/kanzen-pci|00:05.0", BACK "/state|1",       FRONT "/backend|" BACK,
        FRONT "/state|1",
    };

    for (guint i = 0; i < G_N_ELEMENTS(nodes); i++)
        g_free(xs_call(c, XS_WRITE, (guint32)atoi(id), nodes[i]));
    g_free(xs_call(c, XS_TRANSACTION_END, (guint32)atoi(id), "T|"));
    xs_client_free(c);
}

static void write_pair(struct xenstore *xs, const char *dir, const char *arg)
{
    g_auto(GStrv) pair = g_strsplit(arg, "=", 2);
    g_autofree char *path = g_strdup_printf("%s/%s", dir, pair[0]);

    g_assert_cmpint(xs_write_string(xs, path, pair[1]), ==, 0);
}

static void act(struct xenstore *xs, const Step *s)
{
    gboolean on = s->arg && s->arg[0] == '1';

    switch (s->action) {
    case ADD:
        add_device(xs);
        break;
    case REMOVE:
        xs_remove(xs, BACK);
        break;
    case FRONT_STATE:
        xs_write_string(xs, FRONT "/state", s->arg);
        break;
    case FRONT_RING:
        xs_write_string(xs, FRONT "/ring-ref", s->arg);
        break;
    case FRONT_GONE:
        xs_remove(xs, FRONT);
        break;
    case BACK_NODE:
        write_pair(xs, BACK, s->arg);
        break;
    case FRONT_NODE:
        write_pair(xs, FRONT, s->arg);
        break;
    case FAIL:
        backend_fail(the_dev, "garbage in the ring");
        break;
    case DISCONNECTED:
        backend_disconnected(the_dev);
        break;
    case SET_PROBE_FAILS:
        probe_fails = on;
        break;
    case SET_CONNECT_FAILS:
        connect_fails = on;
        break;
    case SET_SLOW:
        slow_disconnect = on;
        break;
    case END:
        break;
    }
}

typedef struct {
    const char *name;
    Step steps[24];
} Script;

#define CONNECT                                                                                    \
    { ADD, NULL, "P", 2 }, { FRONT_RING, "8", NULL, 2 }, { FRONT_STATE, "3", "C", 4 },             \
    {                                                                                              \
        FRONT_STATE, "4", NULL, 4                                                                  \
    }

/* clang-format off */
static const Script scripts[] = {
    { "connect", { CONNECT, { FRONT_STATE, "4", NULL, 4 } } },
    /* netfront goes to Connected at once */
    { "connect-directly", { { ADD, NULL, "P", 2 }, { FRONT_RING, "8", NULL, 2 }, { FRONT_STATE, "4", "C", 4 } } },
    { "close-and-reopen",
      { CONNECT, { FRONT_STATE, "5", NULL, 5 }, { FRONT_STATE, "6", "D", 6 }, { FRONT_STATE, "1", NULL, 2 },
        { FRONT_STATE, "3", "C", 4 } } },
    { "closed-at-once", { CONNECT, { FRONT_STATE, "6", "D", 6 }, { FRONT_STATE, "1", NULL, 2 } } },
    /* kexec: the new kernel's front end begins without a word of the old one */
    { "restart", { CONNECT, { FRONT_STATE, "1", "D", 2 }, { FRONT_STATE, "3", "C", 4 } } },
    { "never-connected", { { ADD, NULL, "P", 2 }, { FRONT_STATE, "6", NULL, 6 }, { FRONT_STATE, "1", NULL, 2 } } },
    { "detach",
      { CONNECT, { BACK_NODE, "online=0", "[b:online]", 4 }, { BACK_NODE, "state=5", NULL, 5 },
        { FRONT_STATE, "5", NULL, 5 }, { FRONT_STATE, "6", "DRE", 6 }, { FRONT_GONE, NULL, NULL, 6 },
        { REMOVE, NULL, NULL, -1 }, CONNECT } },
    { "detach-without-front-end",
      { { ADD, NULL, "P", 2 }, { BACK_NODE, "online=0", NULL, 2 }, { BACK_NODE, "state=5", "RE", 6 },
        { REMOVE, NULL, NULL, -1 } } },
    { "detach-before-connecting",
      { { ADD, NULL, "P", 2 }, { FRONT_STATE, "2", NULL, 2 }, { BACK_NODE, "online=0", NULL, 2 },
        { BACK_NODE, "state=5", "RE", 6 } } },
    { "close-asked-but-online",
      { CONNECT, { BACK_NODE, "state=5", NULL, 5 }, { FRONT_STATE, "6", "D", 6 }, { FRONT_STATE, "1", NULL, 2 } } },
    { "force-remove", { CONNECT, { REMOVE, NULL, "DRE", -1 }, { FRONT_STATE, "6", NULL, -1 }, CONNECT } },
    { "front-end-removed", { CONNECT, { FRONT_GONE, NULL, "D", 6 } } },
    { "front-end-removed-above", { CONNECT, { FRONT_GONE, NULL, "D", 6 }, { REMOVE, NULL, "RE", -1 } } },
    { "made-anew",
      { CONNECT, { ADD, NULL, "[b:frontend][b:frontend-id][b:online][b:kanzen-pci][f:backend]DRP", 2 } } },
    { "probe-fails",
      { { SET_PROBE_FAILS, "1", NULL, -1 }, { ADD, NULL, "P", 6 }, { FRONT_STATE, "3", NULL, 6 },
        { FRONT_STATE, "1", NULL, 6 }, { REMOVE, NULL, "E", -1 }, { SET_PROBE_FAILS, "0", NULL, -1 }, CONNECT } },
    { "connect-fails",
      { { SET_CONNECT_FAILS, "1", NULL, -1 }, { ADD, NULL, "P", 2 }, { FRONT_RING, "8", NULL, 2 },
        { FRONT_STATE, "3", "C", 5 }, { FRONT_STATE, "6", NULL, 6 }, { SET_CONNECT_FAILS, "0", NULL, 6 },
        { FRONT_STATE, "1", NULL, 2 }, { FRONT_STATE, "3", "C", 4 } } },
    { "no-ring", { { ADD, NULL, "P", 2 }, { FRONT_STATE, "3", "C", 5 } } },
    { "fail",
      { CONNECT, { FAIL, NULL, "D", 5 }, { FRONT_STATE, "5", NULL, 5 }, { FRONT_STATE, "6", NULL, 6 },
        { FRONT_STATE, "1", NULL, 2 }, { FRONT_STATE, "3", "C", 4 } } },
    { "slow-disconnect",
      { CONNECT, { SET_SLOW, "1", NULL, 4 }, { FRONT_STATE, "5", NULL, 5 }, { FRONT_STATE, "6", "D", 5 },
        { FRONT_STATE, "1", NULL, 5 }, { SET_SLOW, "0", NULL, 5 }, { DISCONNECTED, NULL, NULL, 2 },
        { FRONT_STATE, "3", "C", 4 } } },
    { "slow-removal",
      { CONNECT, { SET_SLOW, "1", NULL, 4 }, { REMOVE, NULL, "D", -1 }, { ADD, NULL, NULL, 1 },
        { SET_SLOW, "0", NULL, 1 }, { DISCONNECTED, NULL, "RP", 2 } } },
    { "changes",
      { CONNECT, { BACK_NODE, "params=x", "[b:params]", 4 }, { FRONT_NODE, "request-abs=1", "[f:request-abs]", 4 },
        { FRONT_STATE, "7", NULL, 4 }, { FRONT_STATE, "8", NULL, 4 }, { FRONT_STATE, "99", "D", 6 },
        { FRONT_NODE, "x=1", NULL, 6 } } },
    { "bad-pci",
      { { BACK_NODE, "kanzen-pci=0:5.0", NULL, -1 }, { BACK_NODE, "frontend=" FRONT, NULL, -1 },
        { FRONT_NODE, "state=1", NULL, -1 }, { BACK_NODE, "state=1", NULL, 6 } } },
};
/* clang-format on */

static struct softirq watches;

static void run_watches(void *opaque)
{
    xs_run_hv_watches(opaque);
}

static void watches_due(void *opaque)
{
    softirq_raise(&watches);
}

/* As hv's core does at boot. */
static XsWorld *start_backends(void)
{
    XsWorld *w = xs_world_new();

    calls = g_string_new(NULL);
    the_dev = NULL;
    probe_fails = connect_fails = slow_disconnect = FALSE;
    watches = (struct softirq){ .fn = run_watches, .opaque = w->xs };
    xs_set_watch_due(w->xs, watches_due, NULL);
    return w;
}

static void run_script(gconstpointer data)
{
    const Script *script = data;
    XsWorld *w = start_backends();
    gsize blocks;

    g_assert_cmpint(backend_init(w->d), ==, 0);
    harness_run_softirqs();
    blocks = harness_live_blocks();
    for (guint i = 0; script->steps[i].action != END; i++) {
        const Step *s = &script->steps[i];
        guint64 state;

        act(w->xs, s);
        g_assert_cmpuint(harness_run_softirqs(), <, 50); /* it comes to rest */
        if (g_strcmp0(calls->str, s->calls ? s->calls : "") != 0)
            g_error("step %u: calls '%s', expected '%s'", i, calls->str, s->calls ? s->calls : "");
        g_string_truncate(calls, 0);
        if (!xs_read_u64(w->xs, BACK "/state", &state))
            state = (guint64)-1;
        if ((int)state != s->state)
            g_error("step %u: state %d, expected %d", i, (int)state, s->state);
    }
    if (the_dev) {
        g_autofree char *feature = NULL;
        guint64 sectors;

        if (xs_read_u64(w->xs, BACK "/sectors", &sectors)) {
            g_assert_cmpuint(sectors, ==, 2048);
            g_assert_true(xs_read_u64(w->xs, BACK "/feature-a", &sectors));
            g_assert_cmpuint(sectors, ==, 1);
        }
    }
    /* Nothing of a device stays behind once its nodes are gone. */
    slow_disconnect = FALSE;
    xs_remove(w->xs, BACK);
    xs_remove(w->xs, "/local/domain/0/backend");
    xs_remove(w->xs, "/local/domain/0/error");
    xs_remove(w->xs, "/local/domain/7/device");
    harness_run_softirqs();
    g_assert_cmpuint(harness_live_blocks(), <=, blocks + 2);
    g_string_free(calls, TRUE);
    xs_world_free(w);
}

static void test_errors(void)
{
    static const struct {
        const char *path, *value;
    } rows[] = {
        { "/local/domain/0/error/backend/fake/7/1/error", "19 no device at 0028" },
        { "/local/domain/0/error/backend/odd/7/0/error", "95 no back end of this type" },
        { "/local/domain/0/error/backend/fake/7/x/error", "95 malformed device" },
    };
    XsWorld *w = start_backends();

    probe_fails = TRUE;
    xs_write_string(w->xs, "/local/domain/0/backend/odd/7/0/frontend",
                    "/local/domain/7/device/odd/0");
    xs_write_string(w->xs, "/local/domain/0/backend/odd/7/0/state", "1");
    xs_write_string(w->xs, "/local/domain/0/backend/fake/7/x/frontend",
                    "/local/domain/7/device/fake/x");
    xs_write_string(w->xs, "/local/domain/0/backend/fake/7/x/state", "1");
    xs_write_string(w->xs, "/local/domain/0/backend/fake/8/1/frontend",
                    "/local/domain/8/device/fake/1");
    xs_write_string(w->xs, "/local/domain/0/backend/fake/8/1/state", "1"); /* somebody else's */
    xs_write_string(w->xs, "/local/domain/0/backend/console/7/0/frontend",
                    "/local/domain/7/console");
    xs_write_string(w->xs, "/local/domain/0/backend/console/7/0/state",
                    "1"); /* no states, no error */
    add_device(w->xs);
    g_assert_cmpint(backend_init(w->d), ==, 0);
    harness_run_softirqs();
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *value = xs_read_string(w->xs, rows[i].path);

        g_assert_cmpstr(value, ==, rows[i].value);
        kfree(value);
    }
    g_assert_null(xs_read_string(w->xs, "/local/domain/0/error/backend/fake/8"));
    g_assert_null(xs_read_string(w->xs, "/local/domain/0/error/backend/console"));
    g_string_free(calls, TRUE);
    harness_domain_free(w->d); /* the device stays: its memory goes with the domain's */
    g_byte_array_unref(w->dom0->out);
    for (XsClient **c = (XsClient *[]){ w->dom0, w->dom0b, w->guest, NULL }; *c; c++) {
        if (*c != w->dom0)
            g_byte_array_unref((*c)->out);
        g_string_free((*c)->events, TRUE);
        g_free(*c);
    }
    g_free(w);
}

static void test_bdf(void)
{
    static const struct {
        const char *text;
        guint16 bdf;
    } rows[] = {
        { "00:05.0", 5 << 3 },
        { "00:1f.7", 31 << 3 | 7 },
        { "a0:0B.1", 0xa0 << 8 | 11 << 3 | 1 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        XsWorld *w = start_backends();

        g_assert_cmpint(backend_init(w->d), ==, 0);
        xs_write_string(w->xs, BACK "/kanzen-pci", rows[i].text);
        xs_write_string(w->xs, BACK "/frontend", FRONT);
        xs_write_string(w->xs, FRONT "/state", "1");
        xs_write_string(w->xs, BACK "/state", "1");
        harness_run_softirqs();
        g_assert_cmpuint(the_dev->bdf, ==, rows[i].bdf);
        g_assert_cmpuint(the_dev->devid, ==, 1);
        xs_remove(w->xs, BACK);
        harness_run_softirqs();
        g_string_free(calls, TRUE);
        xs_world_free(w);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(scripts); i++) {
        g_autofree char *path = g_strdup_printf("/backend/%s", scripts[i].name);

        g_test_add_data_func(path, &scripts[i], run_script);
    }
    g_test_add_func("/backend/errors", test_errors);
    g_test_add_func("/backend/bdf", test_bdf);
    return g_test_run();
}
