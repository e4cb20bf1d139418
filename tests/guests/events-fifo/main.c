/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The FIFO event ABI (event_channel.h): control block, array, queues by priority. */
#include "guest.h"

/* Not the default one, to which the console's events go. */
#define QUEUE 5

static struct evtchn_fifo_control_block *control;
static event_word_t *words;

static unsigned int queue_head(unsigned int priority)
{
    return READ_ONCE(control->head[priority]);
}

/* Takes the queue's first port as a guest does. */
static unsigned int take(unsigned int priority)
{
    unsigned int port = queue_head(priority);
    event_word_t w;

    if (!port)
        return 0;
    w = __atomic_fetch_and(&words[port], ~((1U << EVTCHN_FIFO_LINKED) | EVTCHN_FIFO_LINK_MASK),
                           __ATOMIC_SEQ_CST);
    control->head[priority] = w & EVTCHN_FIFO_LINK_MASK;
    __atomic_and_fetch(&words[port], ~(1U << EVTCHN_FIFO_PENDING), __ATOMIC_SEQ_CST);
    return port;
}

void test_main(void)
{
    void *page = page_alloc(), *array = page_alloc();
    evtchn_init_control_t init = { .control_gfn = va_to_mfn(page) };
    evtchn_expand_array_t expand = { .array_gfn = va_to_mfn(array) };
    evtchn_set_priority_t priority = { .priority = QUEUE };
    unsigned int a = bind_ipi(0), b = bind_ipi(0), c = bind_ipi(0);

    if (in_shim())
        skip("the shim has event channels of its own");
    check_eq(evtchn_op(EVTCHNOP_expand_array, &expand), -XEN_EOPNOTSUPP);
    init.offset = 4095;
    check_eq(evtchn_op(EVTCHNOP_init_control, &init), -XEN_EINVAL);
    init.offset = 0;
    init.vcpu = 99;
    check_eq(evtchn_op(EVTCHNOP_init_control, &init), -XEN_ENOENT);
    init.vcpu = 0;
    events_mask();
    check_eq(evtchn_op(EVTCHNOP_init_control, &init), 0);
    check_eq(init.link_bits, EVTCHN_FIFO_LINK_BITS);
    check_eq(evtchn_op(EVTCHNOP_expand_array, &expand), 0);
    control = page;
    words = array;

    /* Two of one priority keep their order, one of a higher has a queue of its own. */
    for (priority.port = a; priority.port <= b; priority.port++)
        check_eq(evtchn_op(EVTCHNOP_set_priority, &priority), 0);
    priority = (evtchn_set_priority_t){ .port = c, .priority = EVTCHN_FIFO_PRIORITY_MAX };
    check_eq(evtchn_op(EVTCHNOP_set_priority, &priority), 0);
    priority.priority = EVTCHN_FIFO_PRIORITY_MIN + 1;
    check_eq(evtchn_op(EVTCHNOP_set_priority, &priority), -XEN_EINVAL);
    check_eq(evtchn_send(b), 0);
    check_eq(evtchn_send(a), 0);
    check_eq(evtchn_send(c), 0);
    check_eq(READ_ONCE(control->ready) & (1U << QUEUE | 1U), 1U << QUEUE | 1U);
    check_eq(take(EVTCHN_FIFO_PRIORITY_MAX), c);
    check_eq(take(QUEUE), b);
    check_eq(take(QUEUE), a);
    check_eq(take(QUEUE), 0);

    /* Masked in its word: pending, not linked; the unmasking links it. */
    __atomic_or_fetch(&words[a], 1U << EVTCHN_FIFO_MASKED, __ATOMIC_SEQ_CST);
    check_eq(evtchn_send(a), 0);
    check(words[a] & (1U << EVTCHN_FIFO_PENDING));
    check_eq(queue_head(QUEUE), 0);
    port_unmask(a);
    check(!(words[a] & (1U << EVTCHN_FIFO_MASKED)));
    check_eq(take(QUEUE), a);
    check_eq(evtchn_op(EVTCHNOP_init_control, &init), -XEN_EINVAL);
}
