/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The FIFO event ABI (event_channel.h): an event word per port in pages the guest gives, and per
 * vCPU a control block with the heads of 16 queues, one per priority. A queue is a list of linked
 * event words; the guest takes from the head by clearing LINKED, at any time and on another CPU,
 * while hv adds at the tail. hv keeps the tails; its own accesses are serialised by the event lock.
 */
#include "evtchn-internal.h"
#include "alloc.h"
#include "bitops.h"
#include "printk.h"

#define WORDS_PER_PAGE  (PAGE_SIZE / sizeof(event_word_t))
#define MAX_ARRAY_PAGES (EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)

#define WORD_PENDING (1U << EVTCHN_FIFO_PENDING)
#define WORD_LINKED  (1U << EVTCHN_FIFO_LINKED)
#define WORD_BUSY    (1U << EVTCHN_FIFO_BUSY)

/* Beside a foreign link the guest may change a LINKED word four times at most while it is BUSY: set
 * MASKED, clear PENDING, clear LINKED, and one unmask that had begun before BUSY. More is
 * misbehaviour. */
#define MAX_LINK_TRIES 5

struct fifo_vcpu {
    struct evtchn_fifo_control_block *control; /* in the guest's page; NULL: not given yet */
    uint32_t tail[EVTCHN_FIFO_MAX_QUEUES];     /* last port linked, 0: none */
};

struct evtchn_fifo {
    uint32_t nr_words;
    event_word_t *page[MAX_ARRAY_PAGES];
    struct fifo_vcpu vcpu[]; /* max_vcpus */
};

static event_word_t *port_word(struct domain *d, uint32_t port)
{
    struct evtchn_fifo *f = d->evtchn->fifo;

    return port < f->nr_words ? &f->page[port / WORDS_PER_PAGE][port % WORDS_PER_PAGE] : NULL;
}

static uint32_t fifo_max_ports(const struct domain *d)
{
    return EVTCHN_MAX_PORTS;
}

/* Writes port as the link of a tail word, if that is still LINKED. One compare-exchange: false
 * means the guest changed the word meanwhile; *w then has its value. */
static bool try_link(event_word_t *word, event_word_t *w, uint32_t port)
{
    event_word_t linked = (*w & ~(WORD_BUSY | EVTCHN_FIFO_LINK_MASK)) | port;

    return __atomic_compare_exchange_n(word, w, linked, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Appends port to the word of its queue's tail. false: the guest has taken the tail, the queue is
 * empty. */
static bool link_behind(struct domain *d, event_word_t *word, uint32_t port)
{
    event_word_t w = READ_ONCE(*word);

    if (!(w & WORD_LINKED))
        return false;
    if (try_link(word, &w, port))
        return true;
    /* The guest waits with unmasking while it sees BUSY; try_link() takes it off again. */
    bit_set(word, EVTCHN_FIFO_BUSY);
    w = READ_ONCE(*word);
    for (unsigned int i = 0; i < MAX_LINK_TRIES && (w & WORD_LINKED); i++)
        if (try_link(word, &w, port))
            return true;
    if (w & WORD_LINKED)
        printk_guest(LOG_WARNING, "d%u: event word of a queue's tail is unstable", d->domid);
    bit_clear(word, EVTCHN_FIFO_BUSY);
    return false;
}

/* Puts a port, whose LINKED was just set, at the end of its vCPU's and priority's queue. True: that
 * queue was empty, so the guest must be told. */
static bool enqueue(struct domain *d, struct evtchn *chn, uint32_t port)
{
    struct evtchn_fifo *f = d->evtchn->fifo;
    struct fifo_vcpu *v = &f->vcpu[chn->vcpu];
    uint32_t *old_tail = &f->vcpu[chn->last_vcpu].tail[chn->last_priority];
    uint32_t *tail = &v->tail[chn->priority];

    /* It was not linked, so where it is the tail that queue is empty. Its word says LINKED by now
     * and must not be taken for that of a live tail. */
    if (*old_tail == port)
        *old_tail = 0;
    chn->last_vcpu = chn->vcpu;
    chn->last_priority = chn->priority;

    if (*tail && link_behind(d, port_word(d, *tail), port)) {
        *tail = port;
        return false;
    }
    *tail = port;
    /* Before the ready bit, which makes the guest read it; the LOCKed bit operation orders the
     * two. */
    WRITE_ONCE(v->control->head[chn->priority], port);
    return true;
}

static void fifo_set_pending(struct domain *d, struct evtchn *chn, uint32_t port)
{
    event_word_t *word = port_word(d, port);
    struct fifo_vcpu *fv = &d->evtchn->fifo->vcpu[chn->vcpu];
    struct vcpu *v = d->vcpu[chn->vcpu];
    bool was_pending;

    if (!word) {
        chn->pending_early = true;
        return;
    }
    was_pending = bit_test_and_set(word, EVTCHN_FIFO_PENDING);
    /* Without a control block it stays pending and unlinked; the next event or unmask links it. */
    if (fv->control && !bit_test(word, EVTCHN_FIFO_MASKED) &&
        !bit_test_and_set(word, EVTCHN_FIFO_LINKED) && enqueue(d, chn, port) &&
        !bit_test_and_set(&fv->control->ready, chn->priority) && READ_ONCE(v->vcpu_info))
        vcpu_mark_events_pending(v);
    if (!was_pending)
        vcpu_wake_pollers(d, port);
}

/* The word may stay linked: the guest takes it off and ignores what is not pending. */
static void fifo_clear_pending(struct domain *d, struct evtchn *chn, uint32_t port)
{
    event_word_t *word = port_word(d, port);

    chn->pending_early = false;
    if (word)
        bit_clear(word, EVTCHN_FIFO_PENDING);
}

static void fifo_unmask(struct domain *d, struct evtchn *chn, uint32_t port)
{
    event_word_t *word = port_word(d, port);

    if (!word)
        return;
    bit_clear(word, EVTCHN_FIFO_MASKED);
    if (bit_test(word, EVTCHN_FIFO_PENDING))
        fifo_set_pending(d, chn, port);
}

static bool fifo_is_pending(struct domain *d, uint32_t port)
{
    event_word_t *word = port_word(d, port);

    return word ? bit_test(word, EVTCHN_FIFO_PENDING) : evtchn_lookup(d, port)->pending_early;
}

static bool fifo_is_busy(struct domain *d, uint32_t port)
{
    event_word_t *word = port_word(d, port);

    return word && bit_test(word, EVTCHN_FIFO_LINKED);
}

const struct evtchn_abi evtchn_abi_fifo = {
    .max_ports = fifo_max_ports,
    .set_pending = fifo_set_pending,
    .clear_pending = fifo_clear_pending,
    .unmask = fifo_unmask,
    .is_pending = fifo_is_pending,
    .is_busy = fifo_is_busy,
};

/* The guest leaves the 2-level ABI: ports that are pending there are raised again when the array
 * grows to them, and every port starts with the default priority. */
static void switch_from_2l(struct domain *d, struct evtchn_fifo *fifo)
{
    struct evtchn_state *s = d->evtchn;

    for (uint32_t port = 1; port < s->nr_ports && port < s->abi->max_ports(d); port++) {
        struct evtchn *chn = evtchn_lookup(d, port);

        chn->pending_early = s->abi->is_pending(d, port);
        chn->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
        chn->last_vcpu = 0;
        chn->last_priority = 0;
    }
    s->fifo = fifo;
    s->abi = &evtchn_abi_fifo;
}

int evtchn_fifo_init_control(struct domain *d, const evtchn_init_control_t *op)
{
    struct evtchn_fifo *f = d->evtchn->fifo;

    if (!domain_vcpu(d, op->vcpu))
        return -XEN_ENOENT;
    if (op->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) || op->offset % 8 != 0)
        return -XEN_EINVAL;
    if (!mfn_is_guest_writable(d, op->control_gfn) || (f && f->vcpu[op->vcpu].control))
        return -XEN_EINVAL;
    if (!f) {
        f = kmalloc(sizeof(*f) + d->max_vcpus * sizeof(f->vcpu[0]));
        if (!f)
            return -XEN_ENOMEM;
        switch_from_2l(d, f);
    }
    f->vcpu[op->vcpu].control =
        (void *)((char *)mfn_to_virt(op->control_gfn) + op->offset);
    return 0;
}

int evtchn_fifo_expand_array(struct domain *d, uint64_t mfn)
{
    struct evtchn_fifo *f = d->evtchn->fifo;
    uint32_t port;

    if (!f)
        return -XEN_EOPNOTSUPP;
    if (f->nr_words / WORDS_PER_PAGE >= MAX_ARRAY_PAGES)
        return -XEN_ENOSPC;
    if (!mfn_is_guest_writable(d, mfn))
        return -XEN_EINVAL;

    port = f->nr_words;
    f->page[port / WORDS_PER_PAGE] = mfn_to_virt(mfn);
    f->nr_words += WORDS_PER_PAGE;
    for (; port < f->nr_words && port < d->evtchn->nr_ports; port++) {
        struct evtchn *chn = evtchn_lookup(d, port);

        if (chn->pending_early) {
            chn->pending_early = false;
            fifo_set_pending(d, chn, port);
        }
    }
    return 0;
}

void evtchn_fifo_free(struct domain *d)
{
    kfree(d->evtchn->fifo);
    d->evtchn->fifo = NULL;
}
