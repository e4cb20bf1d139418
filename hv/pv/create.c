/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/create.h"
#include "cpu/asm.h"
#include "cpu/dump.h"
#include "cpu/guestcpuid.h"
#include "cpu/power.h"
#include "cpu/upcall.h"
#include "cpu/vcpu.h"
#include "mm/compat.h"
#include "mm/pagetable.h"
#include "pv/sched.h"
#include "alloc.h"
#include "printk.h"
#include "string.h"

/* vCPUs from XEN_LEGACY_MAX_VCPUS on have none before they register one. */
static vcpu_info_t no_vcpu_info = { .evtchn_upcall_mask = 1 };

static void *must_have(void *p)
{
    if (!p)
        panic("no memory for the domain");
    return p;
}

/* 16 KiB, aligned to their size because pages are. */
static void *new_stack(void)
{
    _Static_assert(HV_STACK_SIZE == PAGE_SIZE << 2, "order 2");
    return must_have(alloc_pages(2));
}

static void init_stack(struct vcpu *v, void *stack)
{
    struct cpu_info *info = stack_info(stack);

    v->arch->stack = stack;
    v->arch->traps = must_have(kmalloc(256 * sizeof(v->arch->traps[0])));
    *info = (struct cpu_info){
        .vcpu = v, .vcpu_info = v->vcpu_info, .in_kernel = true, .is_32bit = v->domain->is_32bit
    };
}

static struct vcpu *vcpu_create(struct domain *d, uint32_t id)
{
    struct vcpu *v = must_have(kmalloc(sizeof(*v)));

    v->id = id;
    v->domain = d;
    v->arch = must_have(kmalloc(sizeof(*v->arch)));
    v->arch->vcpu_info_mfn = MFN_INVALID;
    v->arch->runstate.state = id == 0 ? RUNSTATE_running : RUNSTATE_offline;
    v->arch->cr4 = CR4_DE | CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    v->arch->cr4_allowed = guest_cpuid_cr4();
    v->arch->xcr0_allowed = guest_cpuid_xcr0();
    vcpu_timers_init(v);
    upcall_init(v);
    vcpu_set_info(v, id < XEN_LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[id] : &no_vcpu_info);
    if (d->is_32bit) {
        v->arch->compat_l4 = must_have(alloc_pages(0));
        memcpy(v->arch->compat_l4, hv_l4, PAGE_SIZE);
        v->arch->root_mfn = virt_to_mfn(v->arch->compat_l4);
    }
    return v;
}

struct domain *domain_create(const struct kz_boot_header *h, void *boot_stack)
{
    struct domain *d = must_have(kmalloc(sizeof(*d)));

    if (h->max_vcpus > MAX_VCPUS)
        panic("%u vCPUs are too many, %u is the most", h->max_vcpus, MAX_VCPUS);
    d->domid = h->domid;
    memcpy(d->uuid, h->uuid, sizeof(d->uuid));
    d->nr_vcpus = h->nr_vcpus;
    d->max_vcpus = h->max_vcpus;
    d->max_pages = h->max_pages;
    d->shared_info = must_have(domain_alloc_shared(d, &d->shared_info_mfn));
    d->is_32bit = mm_compat;
    d->tsc_emulated = h->flags & KZ_BOOT_EMULATE_TSC;
    for (uint32_t id = 0; id < XEN_LEGACY_MAX_VCPUS; id++)
        d->shared_info->vcpu_info[id].evtchn_upcall_mask = 1;
    d->vcpu = must_have(kmalloc(d->max_vcpus * sizeof(d->vcpu[0])));
    for (uint32_t id = 0; id < d->max_vcpus; id++)
        d->vcpu[id] = vcpu_create(d, id);
    for (uint32_t id = 0; id < d->max_vcpus; id++)
        init_stack(d->vcpu[id], id == 0 ? boot_stack : new_stack());
    d->vcpu[0]->online = true;
    d->vcpu[0]->arch->initialised = true;
    return d;
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintk(text, sizeof(text), fmt, ap);
    va_end(ap);
    printk(LOG_ERROR, "d%u: crashed: %s", d->domid, text);
    if (d->started)
        dump_guest();
    machine_stop(KZ_STATUS_CRASH, text);
}
