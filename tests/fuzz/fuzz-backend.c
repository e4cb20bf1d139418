/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz-backend.h"
#include "fake-backend.h"
#include "fake-virtio.h"
#include "harness.h"
#include <glib.h>

static const struct fuzz_backend *backend;

uint8_t fuzz_take(struct fuzz_input *in)
{
    if (!in->size)
        return 0;
    in->size--;
    return *in->data++;
}

uint16_t fuzz_take16(struct fuzz_input *in)
{
    uint8_t low = fuzz_take(in);

    return (uint16_t)(low | fuzz_take(in) << 8);
}

void fuzz_scribble(struct fuzz_input *in, unsigned int pfn, unsigned int max)
{
    unsigned int at = fuzz_take16(in) % max;
    uint8_t *p = harness_page(pfn);

    for (unsigned int n = fuzz_take(in) % 64; n > 0 && at < max; n--)
        p[at++] = fuzz_take(in);
}

/* As xenbus/backend.c does when a device was failed, or a front end starts anew. */
static void reconnect(void)
{
    if (fake_backend.nr_bound > 0)
        backend->type->disconnect(&fake_backend.dev);
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    backend->reset_rings();
    fake_backend.nr_fails = 0;
    backend->type->connect(&fake_backend.dev);
}

void fuzz_backend_harm(struct fuzz_input *in, unsigned int nr_queues, unsigned int nr_grants)
{
    uint8_t what = fuzz_take(in);
    struct fake_queue *queue;
    unsigned int grant = FAKE_REF_BASE + fuzz_take16(in) % nr_grants;

    switch (what % 5) {
    case 0:
        fake_grant_set(grant, fuzz_take(in) % 3);
        break;
    case 1:
        fake_grant_limit(grant, fuzz_take(in) * 16, fuzz_take(in) * 16);
        break;
    case 2:
        queue = &fake_virtio.queue[fuzz_take(in) % nr_queues];
        if (queue->vq)
            fake_queue_return(queue, fuzz_take(in), fuzz_take(in));
        fake_virtio_interrupt();
        break;
    case 3:
        harness.fail_alloc_after = fuzz_take(in) % 64 - 1;
        break;
    default:
        reconnect();
        break;
    }
}

int fuzz_backend_run(const struct fuzz_backend *b, const uint8_t *data, size_t size)
{
    struct fuzz_input in = { .data = data, .size = size };

    backend = b;
    b->setup(&in, harness_domain_new(1, false));
    g_assert_cmpint(b->type->probe(&fake_backend.dev), ==, 0);
    while (in.size > 0) {
        if (fake_backend.nr_bound == 0 || fake_backend.nr_fails > 0)
            reconnect();
        if (fake_backend.nr_bound == 0) {
            fuzz_take(&in);
            continue;
        }
        b->step(&in);
        harness_run_softirqs();
    }
    if (fake_backend.nr_bound > 0)
        b->type->disconnect(&fake_backend.dev);
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    b->type->remove(&fake_backend.dev);
    g_assert_cmpuint(harness_live_blocks() + harness_live_pages(), ==, 0);
    fake_backend_clear();
    harness_domain_free(fake_backend.dev.domain);
    return 0;
}
