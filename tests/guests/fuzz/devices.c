/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Front ends of the fuzzer: connected as they should be, then nothing in their rings is. */
#include "fuzz.h"
#include <xen/grant_table.h>
#include <xen/io/xs_wire.h>

#define MAX_RINGS 6

static unsigned long *rings[MAX_RINGS];
static unsigned int ports[MAX_RINGS], nr_rings;
static grant_entry_v1_t *grants;

static unsigned long *mfn_to_page(unsigned long mfn)
{
    return (void *)(VIRT_BASE + (machine_to_phys_mapping[mfn] << PAGE_SHIFT));
}

static void add_ring(unsigned long *page, unsigned int port)
{
    rings[nr_rings] = page;
    ports[nr_rings++] = port;
}

/* device/KIND/ID/NAME = VALUE; a negative value is not written: it only asks whether the device is
 * there. */
static bool node(const char *device, const char *name, int value)
{
    char body[128], answer[64];
    unsigned int len = 0;

    for (const char *parts[] = { "device/", device, "/", name, NULL }, **part = parts; *part;
         part++) {
        memcpy(body + len, *part, strlen(*part));
        len += (unsigned int)strlen(*part);
    }
    body[len++] = 0;
    if (value < 0)
        return xenbus_read(body, answer, sizeof(answer)) >= 0;
    for (int div = 10000; div > 0; div /= 10)
        if (value >= div || div == 1)
            body[len++] = (char)('0' + value / div % 10);
    return xenbus_call(XS_WRITE, body, len, answer, sizeof(answer)) >= 0;
}

static unsigned int new_ring(unsigned int ref, unsigned int port)
{
    unsigned long *page = page_alloc();

    grants[ref].frame = (uint32_t)va_to_mfn(page);
    grants[ref].domid = 0;
    mb();
    grants[ref].flags = GTF_permit_access;
    add_ring(page, port);
    return ref;
}

static unsigned int new_port(void)
{
    evtchn_alloc_unbound_t op = { .dom = DOMID_SELF, .remote_dom = 0 };

    return evtchn_op(EVTCHNOP_alloc_unbound, &op) ? 0 : op.port;
}

static void connect_disk(const char *device, unsigned int ref)
{
    unsigned int port = new_port();

    if (!node(device, "backend", -1))
        return;
    node(device, "ring-ref", (int)new_ring(ref, port));
    node(device, "event-channel", (int)port);
    node(device, "state", 3);
    node(device, "state", 4);
    note("a disk");
}

static void connect_nic(const char *device, unsigned int ref)
{
    unsigned int port = new_port();

    if (!node(device, "backend", -1))
        return;
    node(device, "tx-ring-ref", (int)new_ring(ref, port));
    node(device, "rx-ring-ref", (int)new_ring(ref + 1, port));
    node(device, "event-channel", (int)port);
    node(device, "request-rx-copy", 1);
    node(device, "feature-sg", 1);
    node(device, "state", 3);
    node(device, "state", 4);
    note("a network interface");
}

void devices_init(void)
{
    xen_pfn_t frames[1] = { 0 };
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 1 };

    set_xen_guest_handle(op.frame_list, frames);
    if (grant_op(GNTTABOP_setup_table, &op, 1) || op.status)
        error("setup_table");
    grants = frame_map(frames[0]);
    connect_disk("vbd/51712", 16);
    connect_nic("vif/0", 20);
    add_ring(mfn_to_page(start_info->store_mfn), start_info->store_evtchn);
}

/* Indices are at the start of block and network rings, at 2048 of the store's. Grants come and go.
 */
void corrupt_rings(void)
{
    unsigned int which = below(nr_rings);
    uint32_t *ring = (uint32_t *)rings[which];

    switch (below(4)) {
    case 0:
        ring[below(4)] += below(8);
        break;
    case 1:
        ring[512 + below(8)] = (uint32_t)value();
        break;
    case 2:
        ring[below(1024)] = below(2) ? below(32) : (uint32_t)value();
        break;
    default:
        grants[8 + below(24)] =
            (grant_entry_v1_t){ .flags = (uint16_t)below(8), .frame = (uint32_t)victim_mfn() };
        break;
    }
    evtchn_send(ports[which]);
}
