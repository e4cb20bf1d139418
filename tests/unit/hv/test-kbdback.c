/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keyboard and pointer back end between a front end's page and an input device in the test's hands. */
#include "fake-backend.h"
#include "fake-virtio.h"
#include "harness.h"
#include "kanzen-abi.h"
#include "virtio/virtio-input.h"
#include <glib.h>
#include <xen/io/kbdif.h>

#define PAGE_PFN 900U
#define PORT     2U
#define GREF     (FAKE_REF_BASE + PAGE_PFN)
#define QUEUE    (&fake_virtio.queue[VIRTIO_INPUT_QUEUE_EVENT])

static struct xenkbd_page *page(void)
{
    return harness_page(PAGE_PFN);
}

static void setup_with(bool has_grant)
{
    struct domain *d = harness_domain_new(1, false);

    fake_virtio_init(VIRTIO_ID_INPUT, 0);
    fake_backend_init(d, &kbdback_type);
    memset(page(), 0, PAGE_SIZE);
    if (has_grant)
        fake_frontend_set("page-gref", "%u", GREF);
    fake_frontend_set("event-channel", "%u", PORT);
    fake_frontend_set("request-abs-pointer", "1");
    g_assert_cmpint(kbdback_type.probe(&fake_backend.dev), ==, 0);
}

static void setup(void)
{
    setup_with(true);
}

static void teardown(void)
{
    if (fake_backend.nr_bound > 0)
        g_assert_true(kbdback_type.disconnect(&fake_backend.dev));
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    kbdback_type.remove(&fake_backend.dev);
    kbdback_set_screen(0, 0);
    g_assert_cmpuint(harness_live_blocks() + harness_live_pages(), ==, 0);
    fake_backend_clear();
    harness_domain_free(fake_backend.dev.domain);
}

/* The machine's user does something. */
static void input(uint16_t type, uint16_t code, uint32_t value)
{
    struct virtio_input_event e = { type, code, value };
    struct fake_chain c = { 0 };

    g_assert_true(fake_queue_take(QUEUE, &c));
    fake_chain_write(&c, 0, &e, sizeof(e));
    fake_queue_return(QUEUE, c.head, sizeof(e));
    fake_virtio_interrupt();
}

/* What the front end reads next; type 0: nothing. */
static union xenkbd_in_event next(void)
{
    union xenkbd_in_event event = { 0 };

    if (page()->in_cons != page()->in_prod) {
        event = XENKBD_IN_RING_REF(page(), page()->in_cons);
        page()->in_cons++;
    }
    return event;
}

static void expect_key(uint32_t code, bool pressed)
{
    union xenkbd_in_event e = next();

    g_assert_cmpuint(e.type, ==, XENKBD_TYPE_KEY);
    g_assert_cmpuint(e.key.keycode, ==, code);
    g_assert_cmpuint(e.key.pressed, ==, pressed);
}

static void expect_position(int x, int y, int wheel)
{
    union xenkbd_in_event e = next();

    g_assert_cmpuint(e.type, ==, XENKBD_TYPE_POS);
    g_assert_cmpint(e.pos.abs_x, ==, x);
    g_assert_cmpint(e.pos.abs_y, ==, y);
    g_assert_cmpint(e.pos.rel_z, ==, wheel);
}

static void move(uint32_t x, uint32_t y)
{
    input(INPUT_EV_ABS, INPUT_ABS_X, x);
    input(INPUT_EV_ABS, INPUT_ABS_Y, y);
    input(INPUT_EV_SYN, 0, 0);
}

static void test_keys(void)
{
    setup();
    g_assert_cmpint(kbdback_type.connect(&fake_backend.dev), ==, 0);
    input(INPUT_EV_KEY, 30, 1);
    input(INPUT_EV_SYN, 0, 0);
    input(INPUT_EV_KEY, 30, 2);
    input(INPUT_EV_KEY, 30, 0);
    expect_key(30, true);
    expect_key(30, false);
    g_assert_cmpuint(next().type, ==, 0);
    g_assert_cmpuint(fake_backend.nr_notified[PORT], ==, 2);
    teardown();
}

/* The driver was loaded anew, or another kernel (GRUB's, kexec's). */
static void test_second_front_end(void)
{
    setup();
    for (unsigned int i = 0; i < 3; i++) {
        memset(page(), 0, PAGE_SIZE);
        g_assert_cmpint(kbdback_type.connect(&fake_backend.dev), ==, 0);
        input(INPUT_EV_KEY, 30, 1);
        expect_key(30, true);
        g_assert_true(kbdback_type.disconnect(&fake_backend.dev));
        g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    }
    teardown();
}

static void test_pointer(void)
{
    setup();
    g_assert_cmpstr(fake_backend_get("width"), ==, "800");
    g_assert_cmpint(kbdback_type.connect(&fake_backend.dev), ==, 0);
    move(VIRTIO_INPUT_ABS_MAX, 0);
    expect_position(799, 0, 0);
    kbdback_set_screen(1024, 768);
    g_assert_cmpstr(fake_backend_get("width"), ==, "1024");
    g_assert_cmpstr(fake_backend_get("height"), ==, "768");
    g_assert_cmpuint(fake_backend.nr_touched, ==, 1);
    move(VIRTIO_INPUT_ABS_MAX / 2 + 1, UINT32_MAX);
    expect_position(511, 767, 0);
    input(INPUT_EV_REL, INPUT_REL_WHEEL, 1);
    input(INPUT_EV_SYN, 0, 0);
    expect_position(511, 767, -1);
    teardown();
}

/* A button goes after the position it was pressed at. */
static void test_button_after_position(void)
{
    setup();
    g_assert_cmpint(kbdback_type.connect(&fake_backend.dev), ==, 0);
    input(INPUT_EV_ABS, INPUT_ABS_X, VIRTIO_INPUT_ABS_MAX);
    input(INPUT_EV_KEY, 0x110, 1);
    input(INPUT_EV_SYN, 0, 0);
    expect_position(799, 0, 0);
    expect_key(0x110, true);
    g_assert_cmpuint(next().type, ==, 0);
    teardown();
}

static void test_relative(void)
{
    union xenkbd_in_event e;

    setup();
    fake_frontend_set("request-abs-pointer", "0");
    g_assert_cmpint(kbdback_type.connect(&fake_backend.dev), ==, 0);
    move(VIRTIO_INPUT_ABS_MAX, VIRTIO_INPUT_ABS_MAX);
    move(0, VIRTIO_INPUT_ABS_MAX);
    e = next();
    g_assert_cmpuint(e.type, ==, XENKBD_TYPE_MOTION);
    g_assert_cmpint(e.motion.rel_x, ==, 799);
    g_assert_cmpint(e.motion.rel_y, ==, 599);
    e = next();
    g_assert_cmpint(e.motion.rel_x, ==, -799);
    g_assert_cmpint(e.motion.rel_y, ==, 0);
    teardown();
}

static void test_full_ring_drops(void)
{
    setup();
    g_assert_cmpint(kbdback_type.connect(&fake_backend.dev), ==, 0);
    for (unsigned int i = 0; i < XENKBD_IN_RING_LEN + 20; i++)
        input(INPUT_EV_KEY, 30, i & 1);
    g_assert_cmpuint(page()->in_prod, ==, XENKBD_IN_RING_LEN);
    page()->in_cons = 12345; /* nonsense */
    input(INPUT_EV_KEY, 30, 1);
    g_assert_cmpuint(page()->in_prod, ==, XENKBD_IN_RING_LEN);
    teardown();
}

/* Front ends before page-gref name the page by its number. */
static void test_page_ref(void)
{
    setup_with(false);
    fake_frontend_set("page-ref", "%lu", (unsigned long)harness_mfn(PAGE_PFN));
    g_assert_cmpint(kbdback_type.connect(&fake_backend.dev), ==, 0);
    input(INPUT_EV_KEY, 30, 1);
    expect_key(30, true);
    teardown();
}

static void refused(const char *why)
{
    g_assert_cmpint(kbdback_type.connect(&fake_backend.dev), <, 0);
    g_assert_cmpstr(fake_backend.last_error, ==, why);
    teardown();
}

static void test_refused(void)
{
    g_autofree char *bad_grant = g_strdup_printf("cannot map page-gref %u", GREF);
    g_autofree char *small_grant = g_strdup_printf("page-gref %u is not a whole page", GREF);

    setup();
    fake_grant_set(GREF, FAKE_GRANT_READ);
    refused(bad_grant);
    setup();
    fake_grant_limit(GREF, 16, 100);
    refused(small_grant);
    setup();
    fake_frontend_set("event-channel", "none");
    refused("no event-channel");
}

/* The page stops being the guest's to write: keys are lost, nothing else happens. */
static void test_page_is_gone(void)
{
    setup();
    g_assert_cmpint(kbdback_type.connect(&fake_backend.dev), ==, 0);
    harness.top_table_mfn = (uint32_t)harness_mfn(PAGE_PFN);
    input(INPUT_EV_KEY, 30, 1);
    g_assert_cmpuint(page()->in_prod, ==, 0);
    teardown();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kbdback/keys", test_keys);
    g_test_add_func("/kbdback/second-front-end", test_second_front_end);
    g_test_add_func("/kbdback/pointer", test_pointer);
    g_test_add_func("/kbdback/button-after-position", test_button_after_position);
    g_test_add_func("/kbdback/relative", test_relative);
    g_test_add_func("/kbdback/full-ring", test_full_ring_drops);
    g_test_add_func("/kbdback/page-ref", test_page_ref);
    g_test_add_func("/kbdback/refused", test_refused);
    g_test_add_func("/kbdback/page-gone", test_page_is_gone);
    return g_test_run();
}
