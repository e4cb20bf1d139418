/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu/smp.h"
#include "cpu/ap.h"
#include "cpu/apic.h"
#include "cpu/asm.h"
#include "cpu/desc.h"
#include "cpu/emulate.h"
#include "cpu/entry.h"
#include "cpu/exit.h"
#include "cpu/biglock.h"
#include "cpu/power.h"
#include "cpu/vcpu.h"
#include "mm/pagetable.h"
#include "alloc.h"
#include "lock.h"
#include "printk.h"
#include "string.h"

#define PM_TIMER_HZ     3579545U
#define START_TIMEOUT_S 4 /* the ACPI timer's 24 bits are sure for 4.6 s */

static bool lock_held;
static unsigned int cpus_ready; /* secondary CPUs that wait for their vCPU to come up */

void spin_wait(void)
{
    smp_serve_flush();
    cpu_relax();
}

void big_lock(void)
{
    while (__atomic_exchange_n(&lock_held, true, __ATOMIC_ACQUIRE))
        while (__atomic_load_n(&lock_held, __ATOMIC_RELAXED))
            spin_wait();
}

void big_unlock(void)
{
    __atomic_store_n(&lock_held, false, __ATOMIC_RELEASE);
}

void smp_kick(struct vcpu *v)
{
    if (v != cpu_info()->vcpu)
        apic_send_ipi(v->arch->apic_id, VEC_KICK);
}

/* ---- TLB flushes ---- */

/* What was wanted when it began is done; requests that came meanwhile are seen by the next call. */
void smp_serve_flush(void)
{
    struct cpu_info *info = cpu_info();
    uint32_t wanted = __atomic_load_n(&info->flush_wanted, __ATOMIC_ACQUIRE);

    if (wanted == info->flush_done)
        return;
    write_cr3(read_cr3());
    __atomic_store_n(&info->flush_done, wanted, __ATOMIC_RELEASE);
}

static bool in_mask(const uint64_t *mask, uint32_t id)
{
    return !mask || (mask[id / 64] >> id % 64 & 1);
}

void smp_flush_tlb(struct domain *d, const uint64_t *mask)
{
    struct cpu_info *self = cpu_info();
    uint32_t ticket[MAX_VCPUS];
    bool asked[MAX_VCPUS];

    for (uint32_t id = 0; id < d->max_vcpus; id++) {
        struct vcpu *v = d->vcpu[id];

        asked[id] = v->online && v != self->vcpu && in_mask(mask, id);
        if (!asked[id])
            continue;
        self->vcpu->arch->counters.remote_flushes++;
        ticket[id] =
            __atomic_add_fetch(&stack_info(v->arch->stack)->flush_wanted, 1, __ATOMIC_SEQ_CST);
        apic_send_ipi(v->arch->apic_id, VEC_FLUSH);
    }
    if (in_mask(mask, self->vcpu->id))
        write_cr3(read_cr3());
    for (uint32_t id = 0; id < d->max_vcpus; id++) {
        const uint32_t *done;

        if (!asked[id])
            continue;
        done = &stack_info(d->vcpu[id]->arch->stack)->flush_done;
        while ((int32_t)(__atomic_load_n(done, __ATOMIC_ACQUIRE) - ticket[id]) < 0)
            spin_wait();
    }
}

/* ---- start ---- */

static bool is_online(struct vcpu *v)
{
    return v->online;
}

/* A secondary CPU's first C code, on its vCPU's stack below where the guest's registers go. */
void ap_start(uint32_t vcpu_id)
{
    struct vcpu *v = cpu_info()->vcpu;

    write_cr3(hv_l4_paddr());
    desc_load(v);
    guest_load_cr4(v);
    apic_init_secondary();
    v->arch->apic_id = apic_id();
    __atomic_add_fetch(&cpus_ready, 1, __ATOMIC_RELEASE);
    vcpu_wait(v, is_online);
    vcpu_load_context(v);
    enter_guest(guest_regs());
}

/* Page tables that show the trampoline where it is in physical memory, and hv where it always
 * is. */
static uint64_t *make_tables(void *pages)
{
    uint64_t *l4 = pages, *l3 = l4 + PT_ENTRIES, *l2 = l3 + PT_ENTRIES;

    memcpy(l4, hv_l4, PAGE_SIZE);
    l4[0] = virt_to_paddr(l3) | PTE_P | PTE_RW;
    l3[0] = virt_to_paddr(l2) | PTE_P | PTE_RW;
    l2[0] = PTE_P | PTE_RW | PTE_PSE;
    return l4;
}

static void wait_for_cpus(unsigned int wanted)
{
    uint32_t start = inl(pm_timer_port());
    unsigned int ready;

    do {
        ready = __atomic_load_n(&cpus_ready, __ATOMIC_ACQUIRE);
        cpu_relax();
    } while (ready < wanted &&
             ((inl(pm_timer_port()) - start) & 0xffffff) < START_TIMEOUT_S * PM_TIMER_HZ);
    if (ready < wanted)
        panic("%u of %u secondary CPUs have started", ready, wanted);
}

void smp_start(struct domain *d)
{
    unsigned int wanted = d->max_vcpus - 1;
    char *low = paddr_to_virt(AP_TRAMPOLINE);
    uint32_t cr3;
    void *tables;

    d->vcpu[0]->arch->apic_id = apic_id();
    if (wanted == 0)
        return;
    tables = alloc_pages(2);
    if (!tables)
        panic("no memory to start secondary CPUs");
    for (uint32_t id = 1; id < d->max_vcpus; id++)
        ap_stacks[id] =
            (uintptr_t)((struct cpu_regs *)stack_info(d->vcpu[id]->arch->stack) - 1) & ~15UL;
    ap_last_vcpu = d->max_vcpus - 1;
    cr3 = (uint32_t)virt_to_paddr(make_tables(tables));
    memcpy(low, ap_trampoline, (size_t)(ap_trampoline_end - ap_trampoline));
    memcpy(low + (ap_cr3_here - ap_trampoline), &cr3, sizeof(cr3));
    apic_start_others(AP_TRAMPOLINE >> PAGE_SHIFT);
    wait_for_cpus(wanted);
    free_pages(tables, 2);
}
