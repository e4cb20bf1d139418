/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The multiport console device, and the guest's console on it. There is one device for as long as hv runs, so the
 * tests are the steps of one story and each begins where the one before ended.
 */
#include "fake-backend.h"
#include "fake-virtio.h"
#include "harness.h"
#include "virtio-console.h"
#include <glib.h>
#include <xen/xen.h>
#include <xen/io/console.h>

#define PORT      2U
#define RING_PFN  900U
#define NAME      "org.kanzen.test"
#define F_MULTIPORT VIRTIO_BIT(1)

/* virtio 1.2 5.3.6.2 */
enum { READY, ADD, REMOVE, PORT_READY, CONSOLE, RESIZE, OPEN, NAME_OF };

struct control {
    uint32_t id;
    uint16_t event, value;
};

#define CONTROL_RX (&fake_virtio.queue[2])
#define CONTROL_TX (&fake_virtio.queue[3])

static struct fake_queue *data_queue(unsigned int port, bool tx)
{
    return &fake_virtio.queue[(port ? 2 + 2 * port : 0) + tx];
}

static struct domain *d;
static struct xencons_interface *ring;

/* ---- the device ---- */

static void interrupt(void)
{
    fake_virtio_interrupt();
    harness_run_softirqs();
}

static void send_control(uint32_t id, uint16_t event, uint16_t value, const char *name)
{
    struct control msg = { .id = id, .event = event, .value = value };
    struct fake_chain c;
    size_t len = name ? strlen(name) : 0;

    g_assert_true(fake_queue_take(CONTROL_RX, &c));
    len = MIN(len, fake_chain_len(&c, true) - sizeof(msg));
    fake_chain_write(&c, 0, &msg, sizeof(msg));
    if (len > 0)
        fake_chain_write(&c, sizeof(msg), name, (uint32_t)len);
    fake_queue_return(CONTROL_RX, c.head, (uint32_t)(sizeof(msg) + len));
    interrupt();
}

/* What the driver said since, as "id:event=value ...". */
static char *take_control(void)
{
    GString *s = g_string_new(NULL);
    struct fake_chain c;

    while (fake_queue_take(CONTROL_TX, &c)) {
        struct control msg;

        g_assert_cmpuint(fake_chain_len(&c, false), ==, sizeof(msg));
        fake_chain_read(&c, 0, &msg, sizeof(msg));
        g_string_append_printf(s, "%u:%u=%u ", msg.id, msg.event, msg.value);
        fake_queue_return(CONTROL_TX, c.head, 0);
        interrupt();
    }
    return g_string_free(s, false);
}

static void expect_control(const char *want)
{
    g_autofree char *got = take_control();

    g_assert_cmpstr(got, ==, want);
}

/* What was written to the port, at most max chains of it. */
static char *take_output(unsigned int port, unsigned int max)
{
    GString *s = g_string_new(NULL);
    struct fake_chain c;

    while (max-- > 0 && fake_queue_take(data_queue(port, true), &c)) {
        for (unsigned int i = 0; i < c.nr; i++)
            g_string_append_len(s, (char *)c.seg[i].p, c.seg[i].len);
        fake_queue_return(data_queue(port, true), c.head, 0);
    }
    interrupt();
    return g_string_free(s, false);
}

static void pass_ms(unsigned int ms)
{
    harness.now_ns += ms * 1000000ULL;
    harness_run_timers();
    harness_run_softirqs();
}

/* The host types; returns how much found a buffer. */
static size_t put_input(unsigned int port, const char *text, size_t len)
{
    size_t done = 0;
    struct fake_chain c;

    while (done < len && fake_queue_take(data_queue(port, false), &c)) {
        uint32_t n = MIN((uint32_t)(len - done), fake_chain_len(&c, true));

        fake_chain_write(&c, 0, text + done, n);
        fake_queue_return(data_queue(port, false), c.head, n);
        done += n;
    }
    return done;
}

/* ---- a user of a named port ---- */

static struct {
    struct vcon_port *port;
    unsigned int nr_opened, nr_closed, nr_writable;
    size_t takes; /* bytes it still accepts */
    GString *got;
} user;

static void user_opened(void *opaque)
{
    user.nr_opened++;
}

static void user_closed(void *opaque)
{
    user.nr_closed++;
}

static size_t user_input(void *opaque, const void *data, size_t len)
{
    size_t n = MIN(len, user.takes);

    g_assert_cmpuint(user.nr_opened, >, user.nr_closed);
    g_string_append_len(user.got, data, (gssize)n);
    user.takes -= n;
    return n;
}

static void user_writable(void *opaque)
{
    user.nr_writable++;
}

static const struct vcon_ops user_ops = {
    .opened = user_opened, .closed = user_closed, .input = user_input, .writable = user_writable
};

/* ---- the story ---- */

static void test_start(void)
{
    g_assert_cmpint(console_backend_init(d, ring, PORT), ==, 0);
    harness_run_softirqs();
    g_assert_true(fake_virtio.started);
    expect_control("0:0=1 ");
    /* Output before the device has said anything is not lost. */
    memcpy(ring->out, "early", 5);
    ring->out_prod = 5;
    fake_guest_send(PORT);
    g_assert_cmpuint(ring->out_cons, ==, 0);

    send_control(0, ADD, 0, NULL);
    expect_control("0:3=1 ");
    send_control(0, CONSOLE, 1, NULL);
    expect_control("0:6=1 ");
    send_control(0, OPEN, 1, NULL);
    g_assert_cmpuint(ring->out_cons, ==, 5);
    g_assert_cmpuint(fake_backend.nr_notified[PORT], ==, 1);
    g_autofree char *out = take_output(0, 9);
    g_assert_cmpstr(out, ==, "early");
}

/* More than device and ring hold, round the ring's end: nothing is lost or doubled. */
static void test_output(void)
{
    g_autoptr(GString) sent = g_string_new(NULL), got = g_string_new(NULL);
    uint32_t written = 0;

    while (got->len < 20000) {
        g_autofree char *out = NULL;

        while (ring->out_prod - ring->out_cons < sizeof(ring->out)) {
            char byte = (char)('a' + written % 23);

            ring->out[MASK_XENCONS_IDX(ring->out_prod++, ring->out)] = byte;
            g_string_append_c(sent, byte);
            written++;
        }
        fake_guest_send(PORT);
        out = take_output(0, 3);
        g_string_append(got, out);
        pass_ms(10);
    }
    for (unsigned int i = 0; i < 9; i++) {
        g_autofree char *out = take_output(0, 99);

        g_string_append(got, out);
        pass_ms(10);
    }
    g_assert_cmpstr(got->str, ==, sent->str);
    g_assert_cmpuint(ring->out_cons, ==, ring->out_prod);
}

/* The guest fills its ring as often as there is room in it, for so long. What came out. */
static size_t flood(unsigned int ms)
{
    size_t got = 0;

    for (unsigned int i = 0; i <= ms; i++) {
        size_t before;

        do {
            g_autofree char *out = NULL;

            before = got;
            ring->out_prod = ring->out_cons + sizeof(ring->out);
            fake_guest_send(PORT);
            out = take_output(0, 99);
            got += strlen(out);
        } while (got > before);
        if (i < ms)
            pass_ms(1);
    }
    return got;
}

/* The terminal takes 15 KiB at least before QEMU drops what more there is, see consback.c. */
static void test_pace(void)
{
    size_t burst, rate;

    pass_ms(10000);
    memset(ring->out, 'p', sizeof(ring->out));
    burst = flood(0);
    g_assert_cmpuint(burst, >=, 4096); /* what a command of usual size prints does not wait */
    g_assert_cmpuint(burst, <=, 8192);
    rate = flood(1000);
    g_assert_cmpuint(rate, >=, 40000);
    g_assert_cmpuint(rate, <=, 60000);
    /* As long as it pleased, it is never ahead by more than a burst. */
    pass_ms(100000);
    g_assert_cmpuint(flood(0), <=, burst);
}

/* What waits goes out without an event of the guest's, which is told that there is room. */
static void test_pace_goes_on(void)
{
    unsigned int told;
    g_autofree char *out = NULL;

    flood(0);
    told = fake_backend.nr_notified[PORT];
    g_assert_cmpuint(ring->out_cons, !=, ring->out_prod);
    for (unsigned int i = 0; i < 100; i++) {
        pass_ms(1);
        g_free(out);
        out = take_output(0, 99);
    }
    g_assert_cmpuint(ring->out_cons, ==, ring->out_prod);
    g_assert_cmpuint(fake_backend.nr_notified[PORT], >, told);
    g_assert_cmpuint(harness_run_timers(), ==, 0);
}

/* Without an event: the guest was ended before it sent one. It does not wait for the pace. */
static void test_flush(void)
{
    g_autofree char *out = NULL;

    flood(0);
    console_flush();
    g_assert_cmpuint(ring->out_cons, ==, ring->out_prod);
    out = take_output(0, 9);
    g_clear_pointer(&out, g_free);

    for (const char *c = "last words"; *c; c++)
        ring->out[MASK_XENCONS_IDX(ring->out_prod++, ring->out)] = *c;
    console_flush();
    g_assert_cmpuint(ring->out_cons, ==, ring->out_prod);
    out = take_output(0, 9);
    g_assert_cmpstr(out, ==, "last words");
    pass_ms(1000);
}

/* A guest that does not read stops the host, and goes on where it stopped. */
static void test_input(void)
{
    g_autoptr(GString) sent = g_string_new(NULL), got = g_string_new(NULL);
    size_t done = 0;

    for (unsigned int i = 0; i < 9000; i++)
        g_string_append_c(sent, (char)('A' + i % 19));
    while (got->len < sent->len) {
        done += put_input(0, sent->str + done, sent->len - done);
        interrupt();
        g_assert_cmpuint(ring->in_prod - ring->in_cons, <=, sizeof(ring->in));
        if (done < sent->len)
            g_assert_cmpuint(ring->in_prod - ring->in_cons, ==, sizeof(ring->in));
        for (unsigned int i = 0; i < 700 && ring->in_cons != ring->in_prod; i++)
            g_string_append_c(got, ring->in[MASK_XENCONS_IDX(ring->in_cons++, ring->in)]);
        fake_guest_send(PORT);
    }
    g_assert_cmpstr(got->str, ==, sent->str);
}

static void test_bad_indices(void)
{
    uint32_t cons = ring->out_cons;
    g_autofree char *out = NULL;

    ring->out_prod = cons + 2049;
    fake_guest_send(PORT);
    ring->in_cons = ring->in_prod + 1;
    g_assert_cmpuint(put_input(0, "lost", 4), ==, 4);
    interrupt();
    out = take_output(0, 99);
    g_assert_cmpstr(out, ==, "");
    ring->in_cons = ring->in_prod;
    ring->out_prod = cons;
    ring->out[MASK_XENCONS_IDX(ring->out_prod++, ring->out)] = 'x'; /* it has come to its senses */
    fake_guest_send(PORT);
    g_free(out);
    out = take_output(0, 99);
    g_assert_cmpstr(out, ==, "x");
}

/* A port by name: announced first, claimed later; opened by the host before the claim. */
static void test_named_port(void)
{
    send_control(3, ADD, 0, NULL);
    send_control(3, NAME_OF, 1, NAME);
    send_control(3, OPEN, 1, NULL);
    expect_control("3:3=1 ");
    user.got = g_string_new(NULL);
    user.takes = 100;
    user.port = vcon_claim(NAME, &user_ops, NULL);
    g_assert_nonnull(user.port);
    g_assert_null(vcon_claim(NAME, &user_ops, NULL));
    g_assert_null(vcon_claim(NULL, &user_ops, NULL)); /* the console back end has it */
    g_assert_cmpuint(user.nr_opened, ==, 0); /* not from inside the call */
    harness_run_softirqs();
    g_assert_cmpuint(user.nr_opened, ==, 1);
    expect_control("3:6=1 ");
    g_assert_cmpuint(put_input(3, "hello", 5), ==, 5);
    interrupt();
    g_assert_cmpstr(user.got->str, ==, "hello");
}

static void test_port_flow(void)
{
    char big[10000];
    g_autofree char *out = NULL;
    size_t n;

    memset(big, 'z', sizeof(big));
    n = vcon_write(user.port, big, sizeof(big));
    g_assert_cmpuint(n, >, 0);
    g_assert_cmpuint(n, <, sizeof(big));
    g_assert_cmpuint(vcon_write(user.port, big, 1), ==, 0);
    g_assert_cmpuint(user.nr_writable, ==, 0);
    out = take_output(3, 1);
    g_assert_cmpuint(user.nr_writable, ==, 1);
    g_free(out);
    out = take_output(3, 99);
    g_assert_cmpuint(user.nr_writable, ==, 1); /* asked once, told once */

    g_string_truncate(user.got, 0);
    user.takes = 3;
    put_input(3, "abcdef", 6);
    put_input(3, "ghi", 3);
    interrupt();
    interrupt();
    g_assert_cmpstr(user.got->str, ==, "abc");
    user.takes = 5;
    vcon_resume_input(user.port);
    g_assert_cmpstr(user.got->str, ==, "abc");
    harness_run_softirqs();
    g_assert_cmpstr(user.got->str, ==, "abcdefgh");
    user.takes = 100;
    vcon_resume_input(user.port);
    harness_run_softirqs();
    g_assert_cmpstr(user.got->str, ==, "abcdefghi");
}

/* What the host wrote before it closed arrives before the close; what is not taken by then is dropped. */
static void test_port_close(void)
{
    g_string_truncate(user.got, 0);
    user.takes = 4;
    put_input(3, "last words", 10);
    send_control(3, OPEN, 0, NULL);
    g_assert_cmpstr(user.got->str, ==, "last");
    g_assert_cmpuint(user.nr_closed, ==, 1);
    g_assert_cmpuint(vcon_write(user.port, "x", 1), ==, 0);
    user.takes = 100;
    vcon_resume_input(user.port);
    harness_run_softirqs();
    g_assert_cmpstr(user.got->str, ==, "last");

    /* Opened again: as new. Its data may overtake the message. */
    put_input(3, "again", 5);
    interrupt();
    g_assert_cmpuint(user.nr_opened, ==, 2);
    send_control(3, OPEN, 1, NULL);
    g_assert_cmpuint(user.nr_opened, ==, 2);
    g_assert_cmpstr(user.got->str, ==, "lastagain");
}

/* All receive buffers come back: many small inputs in a row, opened and closed all along. */
static void test_port_buffers(void)
{
    user.takes = SIZE_MAX;
    for (unsigned int i = 0; i < 300; i++) {
        send_control(3, OPEN, i & 1, NULL);
        g_assert_cmpuint(put_input(3, "0123456789", 10), ==, 10);
        interrupt();
    }
    g_free(take_control());
}

static void test_port_removed(void)
{
    unsigned int opened, closed;

    send_control(3, OPEN, 1, NULL);
    opened = user.nr_opened;
    closed = user.nr_closed;
    send_control(3, REMOVE, 0, NULL);
    g_assert_cmpuint(user.nr_closed, ==, closed + 1);
    g_assert_cmpuint(vcon_write(user.port, "x", 1), ==, 0);
    send_control(5, ADD, 0, NULL); /* it comes back in another place */
    send_control(5, NAME_OF, 1, NAME);
    send_control(5, OPEN, 1, NULL);
    g_assert_cmpuint(user.nr_opened, ==, opened + 1);
    expect_control("5:3=1 5:6=1 ");
    g_assert_cmpuint(vcon_write(user.port, "x", 1), ==, 1);
}

/* More messages owed than the queue takes at once. */
static void test_control_full(void)
{
    g_autofree char *said = NULL;

    for (unsigned int i = 0; i < 8; i++)
        if (i != 0 && i != 5)
            send_control(i, ADD, 0, NULL);
    for (unsigned int round = 0; round < 3; round++)
        for (unsigned int i = 1; i < 8; i++)
            if (i != 5)
                send_control(i, ADD, 0, NULL);
    said = take_control();
    for (unsigned int i = 1; i < 8; i++) {
        g_autofree char *want = g_strdup_printf("%u:3=1 ", i);

        g_assert_true(i == 5 || strstr(said, want));
    }
}

/* A device that talks nonsense harms nobody. */
static void test_nonsense(void)
{
    char name[300];
    struct fake_chain c;

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    send_control(99, ADD, 0, NULL);
    send_control(UINT32_MAX, OPEN, 1, NULL);
    send_control(7, OPEN, 1, NULL);
    send_control(7, NAME_OF, 1, name);
    send_control(7, NAME_OF, 1, "");
    send_control(6, 77, 1, NULL);
    send_control(6, CONSOLE, 1, NULL);
    fake_queue_take(CONTROL_RX, &c);
    fake_queue_return(CONTROL_RX, c.head, 3);
    fake_queue_take(CONTROL_RX, &c);
    fake_queue_return(CONTROL_RX, c.head, 0xffffff);
    interrupt();
    g_free(take_control());
}

static void test_broken(void)
{
    unsigned int closed = user.nr_closed;

    fake_queue_return(data_queue(5, false), 12345, 1);
    interrupt();
    interrupt();
    g_assert_true(fake_virtio.broken);
    g_assert_cmpuint(user.nr_closed, ==, closed + 1);
    g_assert_cmpuint(vcon_write(user.port, "x", 1), ==, 0);
    ring->out_prod++;
    fake_guest_send(PORT);
    vcon_resume_input(user.port);
    harness_run_softirqs();
}

/* A console that the guest finds by xenbus, on a port of its own. It lets go and comes again, as by kexec. */
static void test_second_console(void)
{
    enum { CHANNEL = 4, RING2_PFN = 905, PORT2 = 5 };
    struct xencons_interface *ring2 = harness_page(RING2_PFN);
    struct backend_dev *dev = &fake_backend.dev;
    unsigned int granted = fake_grants_in_use();
    g_autofree char *out = NULL;

    send_control(CHANNEL, ADD, 0, NULL);
    send_control(CHANNEL, NAME_OF, 1, "org.kanzen.console.3"); /* FAKE_DEVID */
    send_control(CHANNEL, OPEN, 1, NULL);
    g_free(take_control());
    g_assert_cmpint(consback_type.probe(dev), ==, 0);
    harness_run_softirqs();
    g_assert_cmpuint(put_input(CHANNEL, "early", 5), ==, 5); /* before there is a front end */
    interrupt();
    for (unsigned int round = 0; round < 2; round++) {
        fake_frontend_set("ring-ref", "%u", FAKE_REF_BASE + RING2_PFN);
        fake_frontend_set("port", "%u", (unsigned int)PORT2);
        g_assert_cmpint(consback_type.connect(dev), ==, 0);
        harness_run_softirqs();
        g_assert_cmpuint(ring2->in_prod, ==, 5);
        g_assert_cmpmem(ring2->in, 5, round ? "again" : "early", 5);
        memcpy(ring2->out, "hello", 5);
        ring2->out_prod += 5;
        fake_guest_send(PORT2);
        g_assert_cmpuint(ring2->out_cons, ==, 5);
        g_free(out);
        out = take_output(CHANNEL, 9);
        g_assert_cmpstr(out, ==, "hello");
        g_assert_true(consback_type.disconnect(dev));
        g_assert_cmpuint(fake_grants_in_use(), ==, granted);
        memset(ring2, 0, sizeof(*ring2));
        if (round == 0) {
            put_input(CHANNEL, "again", 5);
            interrupt();
            consback_type.remove(dev); /* and dom0 makes it anew */
            g_assert_cmpint(consback_type.probe(dev), ==, 0);
        }
    }
    consback_type.remove(dev);
}

static void test_second_console_bad_nodes(void)
{
    static const struct {
        const char *key, *value;
    } rows[] = { { "ring-ref", "" }, { "ring-ref", "3" }, { "ring-ref", "4294968296" }, { "port", "" },
                 { "port", "900" },  { "port", "2" } /* the first console's */ };
    unsigned int granted = fake_grants_in_use();

    g_assert_cmpint(consback_type.probe(&fake_backend.dev), ==, 0);
    for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
        fake_frontend_set("ring-ref", "%u", FAKE_REF_BASE + 905U);
        fake_frontend_set("port", "5");
        fake_frontend_set(rows[i].key, "%s", rows[i].value);
        g_assert_cmpint(consback_type.connect(&fake_backend.dev), <, 0);
        g_assert_cmpuint(fake_grants_in_use(), ==, granted);
    }
    consback_type.remove(&fake_backend.dev);
}

int main(int argc, char **argv)
{
    static const uint32_t max_ports = 8;
    int rc;

    g_test_init(&argc, &argv, NULL);
    d = harness_domain_new(1, false);
    fake_backend_init(d, NULL);
    fake_virtio_init(VIRTIO_ID_CONSOLE, F_MULTIPORT);
    memcpy(fake_virtio.config + 4, &max_ports, 4);
    ring = harness_page(RING_PFN);

    g_test_add_func("/vcon/1-start", test_start);
    g_test_add_func("/vcon/2-console-output", test_output);
    g_test_add_func("/vcon/2-console-pace", test_pace);
    g_test_add_func("/vcon/2-console-pace-goes-on", test_pace_goes_on);
    g_test_add_func("/vcon/2-flush", test_flush);
    g_test_add_func("/vcon/2-console-input", test_input);
    g_test_add_func("/vcon/3-console-bad-indices", test_bad_indices);
    g_test_add_func("/vcon/4-named-port", test_named_port);
    g_test_add_func("/vcon/5-port-flow", test_port_flow);
    g_test_add_func("/vcon/6-port-close", test_port_close);
    g_test_add_func("/vcon/6-port-buffers", test_port_buffers);
    g_test_add_func("/vcon/7-port-removed", test_port_removed);
    g_test_add_func("/vcon/8-second-console", test_second_console);
    g_test_add_func("/vcon/8-second-console-bad-nodes", test_second_console_bad_nodes);
    g_test_add_func("/vcon/8-control-full", test_control_full);
    g_test_add_func("/vcon/8-nonsense", test_nonsense);
    g_test_add_func("/vcon/9-broken", test_broken);
    rc = g_test_run();
    if (user.got)
        g_string_free(user.got, true);
    fake_backend_clear();
    harness_domain_free(d);
    return rc;
}
