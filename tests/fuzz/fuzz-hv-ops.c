/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that makes event channel and grant hypercalls with any arguments, scribbles over what it shares with hv,
 * and back ends that go on using it. Input: a byte of set-up, then records of a command byte and its data.
 */
#include "evtchn.h"
#include "grant.h"
#include "harness.h"
#include <glib.h>
#include <stdlib.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size;
};

/* Zeros when the input is used up. */
static void take(struct input *in, void *dst, size_t n)
{
    size_t there = MIN(n, in->size);

    memset(dst, 0, n);
    if (there)
        memcpy(dst, in->data, there);
    in->data += there;
    in->size -= there;
}

static uint32_t take_below(struct input *in, uint32_t end)
{
    uint16_t v;

    take(in, &v, sizeof(v));
    return v % end;
}

#define ARG_PFN    20 /* arguments; the next page may be absent */
#define LIST_PFN   30
#define GIVEN_PFN  40 /* pages the guest gives for control blocks, event arrays and grants */
#define NR_GIVEN   32U
#define MAX_BEGUN  64

struct state {
    struct domain *d;
    struct input in;
    struct {
        uint32_t ref;
        bool write;
    } begun[MAX_BEGUN];
    unsigned int nr_begun;
    unsigned int handled;
};

/* Half of all frame numbers are made good ones, and pointers to good places, or nothing would ever succeed. */
static uint64_t good_or_not(uint64_t value)
{
    return value & 1 ? value : HARNESS_FIRST_MFN + GIVEN_PFN + value / 2 % NR_GIVEN;
}

static void event_op(struct state *s)
{
    uint32_t cmd = take_below(&s->in, 15);
    uint64_t arg[3];

    take(&s->in, arg, sizeof(arg));
    if (cmd == EVTCHNOP_init_control || cmd == EVTCHNOP_expand_array)
        arg[0] = good_or_not(arg[0]);
    harness_guest_write(harness_gva(ARG_PFN, 0), arg, sizeof(arg));
    do_event_channel_op(s->d->vcpu[0], cmd, harness_gva(ARG_PFN, take_below(&s->in, 8) ? 0 : 4090));
    if (cmd == EVTCHNOP_reset)
        do_event_channel_op_compat(s->d->vcpu[0], harness_gva(ARG_PFN, 0));
}

static void grant_op(struct state *s)
{
    uint32_t cmd = take_below(&s->in, 14), count = take_below(&s->in, 4);
    uint64_t arg[3 * 5];
    unsigned int at = take_below(&s->in, 8) ? 0 : 4096 - 48;

    take(&s->in, arg, sizeof(arg));
    if (cmd == GNTTABOP_copy || cmd == GNTTABOP_transfer)
        arg[0] = good_or_not(arg[0]);
    if (cmd == GNTTABOP_copy)
        arg[2] = good_or_not(arg[2]);
    if (cmd == GNTTABOP_setup_table || cmd == GNTTABOP_get_status_frames)
        arg[s->d->is_32bit ? 1 : 2] = harness_gva(LIST_PFN, arg[1] % 4096) << (s->d->is_32bit ? 32 : 0);
    harness_guest_write(harness_gva(ARG_PFN, at), arg, sizeof(arg));
    do_grant_table_op(s->d->vcpu[0], cmd, harness_gva(ARG_PFN, at), count);
}

/* The guest writes into a page it gave, its shared_info, or a frame of the grant table. */
static void scribble(struct state *s)
{
    uint32_t which = take_below(&s->in, NR_GIVEN + 4), offset = take_below(&s->in, 4096 - 32);
    uint64_t frame = 0;
    uint8_t bytes[16];
    uint8_t *page;

    take(&s->in, bytes, sizeof(bytes));
    if (which < NR_GIVEN) {
        page = harness_page(GIVEN_PFN + which);
    } else if (which == NR_GIVEN) {
        page = (uint8_t *)s->d->shared_info;
    } else { /* whatever hv wrote to the list last */
        harness_guest_read(&frame, harness_gva(LIST_PFN, 0), s->d->is_32bit ? 4 : 8);
        if (frame < HARNESS_FIRST_MFN || frame > HARNESS_FIRST_MFN + HARNESS_GUEST_PAGES + 300)
            return;
        if (frame >= HARNESS_FIRST_MFN + HARNESS_GUEST_PAGES + HARNESS_FREE_PAGES) {
            grant_entry_v1_t e = { .flags = bytes[0] | GTF_permit_access, .domid = bytes[1] & 1 ? 0 : s->d->domid,
                                   .frame = (uint32_t)good_or_not(bytes[2]) };

            page = mfn_to_virt(frame);
            memcpy(page + offset % 64 * sizeof(e), &e, sizeof(e));
        }
        return;
    }
    memcpy(page + offset, bytes, sizeof(bytes));
}

static void on_event(void *opaque)
{
    ++((struct state *)opaque)->handled;
}

static void back_end(struct state *s)
{
    uint32_t what = take_below(&s->in, 6), n = take_below(&s->in, 200), vcpu = take_below(&s->in, s->d->max_vcpus);
    struct grant_frame f;

    switch (what) {
    case 0:
        evtchn_bind_hv(s->d, n, on_event, s);
        break;
    case 1:
        evtchn_unbind_hv(s->d, n, on_event, s);
        break;
    case 2:
        evtchn_notify_guest(s->d, n);
        break;
    case 3:
        evtchn_send_virq(s->d->vcpu[vcpu], n % NR_VIRQS);
        break;
    case 4:
        if (s->nr_begun < MAX_BEGUN && grant_begin(s->d, n, vcpu & 1, &f) == GNTST_okay) {
            g_assert_true(mfn_is_guest_ram(s->d, f.mfn));
            g_assert_cmpuint((uint32_t)f.offset + f.length, <=, PAGE_SIZE);
            s->begun[s->nr_begun].ref = n;
            s->begun[s->nr_begun++].write = vcpu & 1;
        }
        break;
    default:
        if (s->nr_begun > 0) {
            s->nr_begun--;
            grant_end(s->d, s->begun[s->nr_begun].ref, s->begun[s->nr_begun].write);
        }
        break;
    }
}

static void poll(struct state *s)
{
    uint32_t port = take_below(&s->in, 8192);

    if (evtchn_pending_port(s->d, port))
        g_assert_true(evtchn_port_valid(s->d, port));
    evtchn_vcpu_info_moved(s->d->vcpu[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const commands[])(struct state *) = { event_op, grant_op, scribble, back_end, poll };
    struct state s = { .in = { data, size } };
    uint32_t setup = take_below(&s.in, 256);

    s.d = harness_domain_new(1 + setup % 40, setup & 128);
    harness_set_access(ARG_PFN + 1, setup & 64 ? HARNESS_ABSENT : HARNESS_RW);
    if (evtchn_init(s.d) || grant_init(s.d))
        abort();
    harness.fail_alloc_after = setup % 8 == 7 ? (int64_t)setup : -1;
    while (s.in.size > 0)
        commands[take_below(&s.in, G_N_ELEMENTS(commands))](&s);
    g_assert_false(harness.crashed);
    harness_domain_free(s.d);
    return 0;
}
