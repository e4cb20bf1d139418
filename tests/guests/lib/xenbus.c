/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The XenStore's ring (xen/io/xs_wire.h), one request at a time, polled. */
#include "guest.h"
#include <xen/io/xs_wire.h>

static struct xenstore_domain_interface *ring(void)
{
    return (void *)(VIRT_BASE + (machine_to_phys_mapping[start_info->store_mfn] << PAGE_SHIFT));
}

static void kick_and_wait(uint64_t *deadline)
{
    evtchn_send(start_info->store_evtchn);
    sched_op(SCHEDOP_yield, NULL);
    if (system_time() > *deadline)
        error("the store does not answer");
}

static void send(const void *data, unsigned int len, uint64_t *deadline)
{
    struct xenstore_domain_interface *r = ring();

    for (unsigned int i = 0; i < len; i++) {
        while (r->req_prod - READ_ONCE(r->req_cons) == sizeof(r->req))
            kick_and_wait(deadline);
        r->req[MASK_XENSTORE_IDX(r->req_prod)] = ((const char *)data)[i];
        mb();
        r->req_prod++;
    }
    evtchn_send(start_info->store_evtchn);
}

static void receive(void *data, unsigned int len, uint64_t *deadline)
{
    struct xenstore_domain_interface *r = ring();

    for (unsigned int i = 0; i < len; i++) {
        while (r->rsp_cons == READ_ONCE(r->rsp_prod))
            kick_and_wait(deadline);
        if (data)
            ((char *)data)[i] = r->rsp[MASK_XENSTORE_IDX(r->rsp_cons)];
        mb();
        r->rsp_cons++;
    }
}

int xenbus_call(unsigned int type, const char *body, unsigned int len, char *ret, unsigned int size)
{
    struct xsd_sockmsg head = { .type = type, .req_id = 1, .len = len };
    uint64_t deadline = system_time() + 5000000000ULL;
    unsigned int kept;

    send(&head, sizeof(head), &deadline);
    send(body, len, &deadline);
    do {
        receive(&head, sizeof(head), &deadline);
        kept = head.len < size - 1 ? head.len : size - 1;
        receive(ret, kept, &deadline);
        receive(NULL, head.len - kept, &deadline);
    } while (head.type == XS_WATCH_EVENT && type != XS_WATCH_EVENT);
    ret[kept] = 0;
    return head.type == XS_ERROR ? -1 : (int)head.len;
}

int xenbus_read(const char *path, char *ret, unsigned int size)
{
    return xenbus_call(XS_READ, path, (unsigned int)strlen(path) + 1, ret, size);
}
