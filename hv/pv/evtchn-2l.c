/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The 2-level event ABI (xen.h struct shared_info): a pending and a mask bit per port, and in each
 * vcpu_info a selector word with a bit per word of pending bits. A guest's word has 64 or 32 bits,
 * so a 32-bit guest has fewer ports and its structures are laid out differently.
 */
#include "evtchn-internal.h"
#include "bitops.h"

/* xen.h as a 32-bit guest sees it: 64 bytes of vcpu_info, 32 words each of pending and mask
 * bits. */
#define COMPAT_PENDING_OFFSET     2048
#define COMPAT_MASK_OFFSET        (COMPAT_PENDING_OFFSET + 32 * 4)
#define COMPAT_PENDING_SEL_OFFSET 4

_Static_assert(offsetof(shared_info_t, evtchn_pending) == COMPAT_PENDING_OFFSET,
               "32 vcpu_info of 64 bytes come first in both layouts");

static unsigned int word_bits(const struct domain *d)
{
    return d->is_32bit ? 32 : 64;
}

static void *pending_bits(struct domain *d)
{
    return (char *)d->shared_info + COMPAT_PENDING_OFFSET;
}

static void *mask_bits(struct domain *d)
{
    return (char *)d->shared_info +
           (d->is_32bit ? COMPAT_MASK_OFFSET : offsetof(shared_info_t, evtchn_mask));
}

static void *selector(struct domain *d, vcpu_info_t *info)
{
    return (char *)info +
           (d->is_32bit ? COMPAT_PENDING_SEL_OFFSET : offsetof(vcpu_info_t, evtchn_pending_sel));
}

static uint32_t l2_max_ports(const struct domain *d)
{
    return MIN(word_bits(d) * word_bits(d), EVTCHN_MAX_PORTS);
}

/* Sets the selector bit and makes the upcall on its 0 -> 1 transition. */
static void l2_select(struct domain *d, struct evtchn *chn, uint32_t port)
{
    struct vcpu *v = d->vcpu[chn->vcpu];
    vcpu_info_t *info = READ_ONCE(v->vcpu_info); /* may move: evtchn_vcpu_info_moved() */

    if (info && !bit_test_and_set(selector(d, info), port / word_bits(d)))
        vcpu_mark_events_pending(v);
}

/* The order is the ABI's: pending, then mask, then selector. The guest unmasks by clearing the mask
 * and then looking at pending, so one of the two sides always sees the event. The LOCKed operations
 * are the barriers. */
static void l2_set_pending(struct domain *d, struct evtchn *chn, uint32_t port)
{
    if (bit_test_and_set(pending_bits(d), port))
        return;
    if (!bit_test(mask_bits(d), port))
        l2_select(d, chn, port);
    vcpu_wake_pollers(d, port);
}

static void l2_clear_pending(struct domain *d, struct evtchn *chn, uint32_t port)
{
    bit_clear(pending_bits(d), port);
}

static void l2_unmask(struct domain *d, struct evtchn *chn, uint32_t port)
{
    if (bit_test_and_clear(mask_bits(d), port) && bit_test(pending_bits(d), port))
        l2_select(d, chn, port);
}

static bool l2_is_pending(struct domain *d, uint32_t port)
{
    return bit_test(pending_bits(d), port);
}

static bool l2_is_busy(struct domain *d, uint32_t port)
{
    return false;
}

const struct evtchn_abi evtchn_abi_2l = {
    .max_ports = l2_max_ports,
    .set_pending = l2_set_pending,
    .clear_pending = l2_clear_pending,
    .unmask = l2_unmask,
    .is_pending = l2_is_pending,
    .is_busy = l2_is_busy,
};

void evtchn_vcpu_info_moved(struct vcpu *v)
{
    struct domain *d = v->domain;

    LOCK_SCOPE(&d->evtchn->lock);
    for (unsigned int i = 0; i < word_bits(d); i++)
        bit_set(selector(d, v->vcpu_info), i);
    vcpu_mark_events_pending(v);
}
