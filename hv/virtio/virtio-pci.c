/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modern virtio-pci transport (virtio 1.2 4.1): status, features, queues, interrupts. */
#include "virtio.h"

#include "alloc.h"
#include "irq.h"
#include "pci.h"
#include "printk.h"
#include "time.h"
#include "virtio-pci.h"
#include "virtq.h"
#include <xen/errno.h>

/* 2.1 */
#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER      2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define STATUS_NEEDS_RESET 64

/* 6 */
#define F_EVENT_IDX VIRTIO_BIT(29)
#define F_VERSION_1 VIRTIO_BIT(32)

#define NO_VECTOR        0xffff /* 4.1.4.3.2 */
#define RESET_TIMEOUT_NS 2000000000ULL

#define VIRTIO_MAX_VECTORS (2 + VIRTIO_MAX_PARALLEL)

/*
 * MSI-X entries: the first is for configuration changes. Of the others each parallel user has one,
 * and all queues whose users run under the big lock share one. A queue for which none is left uses
 * the first, too.
 */
#define ENTRY_CONFIG 0

struct queue {
    struct queue *next;
    struct virtio_dev *vd;
    struct virtq *vq;
    unsigned int index;
    volatile uint16_t *notify;
    void (*used)(void *opaque); /* NULL: parallel, or its user polls */
    void *opaque;
    struct softirq *work; /* parallel: its user */
    unsigned int entry;
};

struct virtio_dev {
    uint16_t bdf;
    struct virtio_pci_regs regs;
    uint64_t agreed;
    struct queue *queues;
    int vector[VIRTIO_MAX_VECTORS]; /* by MSI-X entry; 0: not in use */
    unsigned int shared_entry;      /* ENTRY_CONFIG: none yet, or none left */
    void (*config_fn)(void *opaque);
    void *config_opaque;
    bool config_changed, broken;
    struct softirq work;
};

static void work(void *opaque);

static void set_broken(struct virtio_dev *vd, const char *why)
{
    if (vd->broken)
        return;
    vd->broken = true;
    printk(LOG_ERROR, "virtio: %02x:%02x.%u is not used any more: %s", PCI_BDF_ARGS(vd->bdf), why);
    softirq_raise(&vd->work); /* so that the queues' users hear of it */
}

static void queue_broken(void *opaque, const char *why)
{
    struct queue *q = opaque;
    char text[64];

    snprintk(text, sizeof(text), "queue %u: %s", q->index, why);
    set_broken(q->vd, text);
}

/* ---- interrupts ---- */

static void config_interrupt(void *opaque)
{
    struct virtio_dev *vd = opaque;

    vd->config_changed = true;
    softirq_raise(&vd->work);
}

static void queues_interrupt(void *opaque)
{
    struct virtio_dev *vd = opaque;

    softirq_raise(&vd->work);
}

static void work(void *opaque)
{
    struct virtio_dev *vd = opaque;

    /* Before the queues, whose users may want to see what changed. */
    if (vd->config_changed) {
        vd->config_changed = false;
        if (vd->regs.common->device_status & STATUS_NEEDS_RESET)
            set_broken(vd, "it asks for a reset");
        if (vd->config_fn)
            vd->config_fn(vd->config_opaque);
    }
    for (struct queue *q = vd->queues; q; q = q->next) {
        if (!vd->broken && !virtq_pending(q->vq))
            continue;
        if (q->work)
            softirq_raise(q->work);
        else if (q->used)
            q->used(q->opaque);
    }
}

static void set_entry(struct virtio_dev *vd, unsigned int entry, int vector, uint64_t address)
{
    volatile struct msix_entry *e = &vd->regs.msix[entry];

    e->control |= MSIX_CONTROL_MASKED; /* PCI 3.0 6.8.2: changed only while masked */
    e->addr_low = (uint32_t)address;
    e->addr_high = address >> 32;
    e->data = msi_data(vector);
    e->control &= ~MSIX_CONTROL_MASKED;
    vd->vector[entry] = vector;
}

static void give_entry_back(struct virtio_dev *vd, unsigned int entry)
{
    if (!vd->vector[entry])
        return;
    vd->regs.msix[entry].control |= MSIX_CONTROL_MASKED;
    irq_free(vd->vector[entry]);
    vd->vector[entry] = 0;
}

static bool setup_config_vector(struct virtio_dev *vd)
{
    int vector = irq_alloc(config_interrupt, vd);

    if (vector >= 0)
        set_entry(vd, ENTRY_CONFIG, vector, msi_address());
    return vector >= 0;
}

/* ENTRY_CONFIG: all are in use. */
static unsigned int find_free_entry(const struct virtio_dev *vd)
{
    unsigned int nr = MIN(vd->regs.nr_msix, VIRTIO_MAX_VECTORS), entry = ENTRY_CONFIG + 1;

    while (entry < nr && vd->vector[entry])
        entry++;
    return entry < nr ? entry : ENTRY_CONFIG;
}

/* An entry for the queues of one parallel user, on the CPU of v. */
static unsigned int own_entry(struct virtio_dev *vd, struct softirq *work, const struct vcpu *v)
{
    unsigned int entry = find_free_entry(vd);
    int vector;

    for (const struct queue *q = vd->queues; q; q = q->next)
        if (q->work == work)
            return q->entry;
    vector = entry != ENTRY_CONFIG ? irq_alloc_softirq(work) : -XEN_ENOSPC;
    if (vector < 0)
        return ENTRY_CONFIG;
    set_entry(vd, entry, vector, msi_address_of(v));
    return entry;
}

/* The entry of all queues that have none of their own. */
static unsigned int shared_entry(struct virtio_dev *vd)
{
    unsigned int entry = find_free_entry(vd);
    int vector;

    if (vd->shared_entry != ENTRY_CONFIG || entry == ENTRY_CONFIG)
        return vd->shared_entry;
    vector = irq_alloc(queues_interrupt, vd);
    if (vector < 0)
        return ENTRY_CONFIG;
    set_entry(vd, entry, vector, msi_address());
    vd->shared_entry = entry;
    return entry;
}

/* ---- opening and resetting ---- */

int virtio_open(uint16_t bdf, uint16_t device_id, struct virtio_dev **ret)
{
    struct virtio_dev *vd;
    int err;

    if (pci_cfg_read(bdf, PCI_VENDOR_ID, 2) != VIRTIO_PCI_VENDOR ||
        pci_cfg_read(bdf, PCI_DEVICE_ID, 2) != VIRTIO_PCI_DEVICE_BASE + device_id)
        return -XEN_ENODEV;
    vd = kmalloc(sizeof(*vd));
    if (!vd)
        return -XEN_ENOMEM;
    vd->bdf = bdf;
    vd->work = (struct softirq){ .fn = work, .opaque = vd };
    err = virtio_pci_map(bdf, &vd->regs);
    if (err) {
        kfree(vd);
        return err;
    }
    virtio_reset(vd);
    if (!setup_config_vector(vd)) {
        virtio_close(vd);
        return -XEN_ENOSPC;
    }
    *ret = vd;
    return 0;
}

struct find_first {
    uint16_t device_id;
    struct virtio_dev *vd;
};

static bool try_open(uint16_t bdf, void *opaque)
{
    struct find_first *f = opaque;

    return virtio_open(bdf, f->device_id, &f->vd) == 0;
}

int virtio_open_first(uint16_t device_id, struct virtio_dev **ret)
{
    struct find_first f = { .device_id = device_id };

    pci_for_each(try_open, &f);
    if (!f.vd)
        return -XEN_ENODEV;
    *ret = f.vd;
    return 0;
}

void virtio_close(struct virtio_dev *vd)
{
    if (!vd)
        return;
    virtio_reset(vd);
    pci_enable(vd->bdf, false);
    give_entry_back(vd, ENTRY_CONFIG);
    softirq_cancel(&vd->work);
    kfree(vd);
}

static void free_queues(struct virtio_dev *vd)
{
    for (unsigned int i = ENTRY_CONFIG + 1; i < VIRTIO_MAX_VECTORS; i++)
        give_entry_back(vd, i);
    vd->shared_entry = ENTRY_CONFIG;
    while (vd->queues) {
        struct queue *q = vd->queues;

        vd->queues = q->next;
        if (q->work)
            softirq_cancel(q->work);
        virtq_free(q->vq);
        kfree(q);
    }
}

void virtio_reset(struct virtio_dev *vd)
{
    uint64_t deadline = now_ns() + RESET_TIMEOUT_NS;

    vd->regs.common->device_status = 0;
    /* 4.1.4.3.2: the device is done with all buffers only when the status reads 0. */
    while (vd->regs.common->device_status != 0) {
        if (now_ns() < deadline)
            continue;
        /* Rather than leave it with DMA into memory that will be used for something else: */
        pci_enable(vd->bdf, false);
        set_broken(vd, "it does not reset");
        break;
    }
    free_queues(vd);
    vd->agreed = 0;
}

/* ---- features and configuration ---- */

uint64_t virtio_features(struct virtio_dev *vd)
{
    volatile struct virtio_pci_common_cfg *common = vd->regs.common;
    uint64_t low;

    common->device_feature_select = 0;
    low = common->device_feature;
    common->device_feature_select = 1;
    return low | (uint64_t)common->device_feature << 32;
}

/* The order of steps is 3.1.1. */
uint64_t virtio_negotiate(struct virtio_dev *vd, uint64_t wanted)
{
    volatile struct virtio_pci_common_cfg *common = vd->regs.common;
    uint64_t agreed;

    virtio_reset(vd);
    common->device_status = STATUS_ACKNOWLEDGE;
    common->device_status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
    agreed = virtio_features(vd) & (wanted | F_VERSION_1 | F_EVENT_IDX);
    common->driver_feature_select = 0;
    common->driver_feature = (uint32_t)agreed;
    common->driver_feature_select = 1;
    common->driver_feature = agreed >> 32;
    common->device_status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
    if (!(agreed & F_VERSION_1) || !(common->device_status & STATUS_FEATURES_OK))
        return 0;
    common->config_msix_vector = ENTRY_CONFIG;
    if (common->config_msix_vector == NO_VECTOR)
        return 0;
    vd->broken = false;
    vd->agreed = agreed;
    return agreed;
}

/* 4.1.3.1: each field is read in its own width. Fields are naturally aligned, so position and rest
 * tell it. */
static void read_once(struct virtio_dev *vd, unsigned int offset, uint8_t *buf, size_t len)
{
    while (len > 0) {
        volatile uint8_t *from = vd->regs.device + offset;
        unsigned int width = offset % 4 == 0 && len >= 4 ? 4 : offset % 2 == 0 && len >= 2 ? 2 : 1;
        uint32_t v = width == 4   ? *(volatile uint32_t *)(volatile void *)from
                     : width == 2 ? *(volatile uint16_t *)(volatile void *)from
                                  : *from;

        for (unsigned int i = 0; i < width; i++)
            *buf++ = (uint8_t)(v >> 8 * i);
        offset += width;
        len -= width;
    }
}

void virtio_read_config(struct virtio_dev *vd, unsigned int offset, void *buf, size_t len)
{
    uint8_t *bytes = buf;
    uint8_t generation;

    /* What this device is too old to have reads as zero. */
    for (size_t i = 0; i < len; i++)
        bytes[i] = 0;
    if (!vd->regs.device || offset >= vd->regs.device_len)
        return;
    len = MIN(len, vd->regs.device_len - offset);
    for (unsigned int tries = 0; tries < 100; tries++) {
        generation = vd->regs.common->config_generation;
        read_once(vd, offset, bytes, len);
        if (vd->regs.common->config_generation == generation)
            return;
    }
    set_broken(vd, "its configuration never settles");
}

void virtio_on_config(struct virtio_dev *vd, void (*fn)(void *), void *opaque)
{
    vd->config_fn = fn;
    vd->config_opaque = opaque;
}

/* ---- queues ---- */

static void queue_notify(void *opaque)
{
    struct queue *q = opaque;

    *q->notify = (uint16_t)q->index; /* 4.1.5.2 */
}

static void write_addr(volatile uint32_t *reg, const void *area)
{
    paddr_t addr = virt_to_paddr(area);

    reg[0] = (uint32_t)addr;
    reg[1] = addr >> 32;
}

/* 4.1.5.1.3 */
static bool queue_enable(struct virtio_dev *vd, struct queue *q)
{
    volatile struct virtio_pci_common_cfg *common = vd->regs.common;
    uint64_t offset = (uint64_t)common->queue_notify_off * vd->regs.notify_multiplier;

    if (offset + sizeof(uint16_t) > vd->regs.notify_len)
        return false;
    q->notify = (volatile uint16_t *)(volatile void *)(vd->regs.notify + offset);
    write_addr(common->queue_desc, virtq_desc_area(q->vq));
    write_addr(common->queue_driver, virtq_avail_area(q->vq));
    write_addr(common->queue_device, virtq_used_area(q->vq));
    common->queue_size = virtq_size(q->vq);
    common->queue_msix_vector = (uint16_t)q->entry;
    if (common->queue_msix_vector != q->entry)
        return false;
    common->queue_enable = 1;
    return true;
}

static unsigned int round_down_pow2(unsigned int v)
{
    while (v & (v - 1))
        v &= v - 1;
    return v;
}

/* Makes queue index, with the user and the MSI-X entry of like. */
static struct virtq *queue_new(struct virtio_dev *vd, unsigned int index, unsigned int max_size,
                               const struct queue *like)
{
    struct virtq_owner owner = { .notify = queue_notify, .broken = queue_broken };
    struct queue *q;
    unsigned int size;

    vd->regs.common->queue_select = index;
    size = round_down_pow2(MIN(vd->regs.common->queue_size, max_size));
    if (size == 0 || size > VIRTQ_MAX_SIZE)
        return NULL;
    q = kmalloc(sizeof(*q));
    if (!q)
        return NULL;
    *q = *like;
    q->vd = vd;
    q->index = index;
    owner.opaque = q;
    q->vq = virtq_new(size, vd->agreed & F_EVENT_IDX, &owner);
    if (!q->vq || !queue_enable(vd, q)) {
        virtq_free(q->vq);
        kfree(q);
        return NULL;
    }
    q->next = vd->queues;
    vd->queues = q;
    return q->vq;
}

struct virtq *virtio_queue(struct virtio_dev *vd, unsigned int index, unsigned int max_size,
                           void (*used)(void *), void *opaque)
{
    const struct queue q = { .used = used,
                             .opaque = opaque,
                             .entry = used ? shared_entry(vd) : NO_VECTOR };

    return queue_new(vd, index, max_size, &q);
}

struct virtq *virtio_queue_parallel(struct virtio_dev *vd, unsigned int index,
                                    unsigned int max_size, struct softirq *work,
                                    const struct vcpu *v)
{
    const struct queue q = { .work = work, .entry = own_entry(vd, work, v) };

    return queue_new(vd, index, max_size, &q);
}

void virtio_start(struct virtio_dev *vd)
{
    vd->regs.common->device_status =
        STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK;
}

bool virtio_broken(const struct virtio_dev *vd)
{
    return vd->broken;
}
