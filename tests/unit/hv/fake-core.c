/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-core.h"
#include "cpu/bounce.h"
#include "cpu/clock.h"
#include "cpu/compat.h"
#include "cpu/desc.h"
#include "cpu/emulate.h"
#include "cpu/dump.h"
#include "cpu/exit.h"
#include "cpu/biglock.h"
#include "cpu/power.h"
#include "cpu/smp.h"
#include "lib/log.h"
#include "mm/frames.h"
#include "mm/m2p.h"
#include "mm/pagetable.h"
#include "backend.h"
#include "grant.h"
#include "pv/hypercall.h"
#include "pv/sched.h"
#include <glib.h>
#include <string.h>

#define WEAK      __attribute__((weak))
#define NR_FRAMES (HARNESS_FIRST_MFN + HARNESS_GUEST_PAGES + HARNESS_FREE_PAGES + HARNESS_HV_PAGES)

struct fake_core fake_core;
uint64_t hv_l4[PT_ENTRIES];
WEAK mfn_t m2p_size = NR_FRAMES;
uint64_t m2p_table[NR_FRAMES];
WEAK bool mm_compat;
WEAK uint64_t mm_compat_l2e[HV_COMPAT_SLOTS];

/* As if the table lay in one piece. */
WEAK mfn_t m2p_frame(uint64_t offset)
{
    return FAKE_M2P_MFN + (offset >> PAGE_SHIFT);
}

static void *first_stack;

struct cpu_info *cpu_info(void)
{
    return stack_info(first_stack);
}

static void map_harness_memory(void)
{
    uint64_t *l1 = harness_page(FAKE_L1_PFN), *l2 = harness_page(FAKE_L2_PFN);

    ((uint64_t *)harness_page(FAKE_L4_PFN))[pt_slot(HARNESS_GVA, 4)] =
        harness_mfn(FAKE_L3_PFN) << PAGE_SHIFT | PTE_P | PTE_RW | PTE_U;
    ((uint64_t *)harness_page(FAKE_L3_PFN))[pt_slot(HARNESS_GVA, 3)] =
        harness_mfn(FAKE_L2_PFN) << PAGE_SHIFT | PTE_P | PTE_RW | PTE_U;
    l2[pt_slot(HARNESS_GVA, 2)] = harness_mfn(FAKE_L1_PFN) << PAGE_SHIFT | PTE_P | PTE_RW | PTE_U;
    for (pfn_t pfn = 0; pfn < PT_ENTRIES; pfn++)
        l1[pfn] = harness_mfn(pfn) << PAGE_SHIFT | PTE_P | PTE_RW;
}

static void set_up_vcpu(struct vcpu *v)
{
    void *stack = g_aligned_alloc(1, HV_STACK_SIZE, HV_STACK_SIZE);

    memset(stack, 0, HV_STACK_SIZE);
    if (v->id == 0)
        first_stack = stack;
    v->arch = g_new0(struct vcpu_arch, 1);
    v->arch->vcpu_info_mfn = MFN_INVALID;
    v->arch->runstate.state = v->id == 0 ? RUNSTATE_running : RUNSTATE_offline;
    v->arch->cr3_mfn = v->arch->root_mfn = MFN_INVALID;
    v->arch->stack = stack;
    v->arch->traps = g_new0(struct trap_info, 256);
    vcpu_timers_init(v);
    *stack_info(stack) =
        (struct cpu_info){ .vcpu = v, .vcpu_info = v->vcpu_info, .in_kernel = true };
}

struct domain *fake_core_new(unsigned int max_vcpus)
{
    struct domain *d;

    frame_table_size = NR_FRAMES;
    frame_table = g_malloc0(NR_FRAMES);
    d = harness_domain_new(max_vcpus, false);
    memset(&fake_core, 0, sizeof(fake_core));
    memset(hv_l4, 0, sizeof(hv_l4));
    for (unsigned int i = HV_SLOT_FIRST; i <= HV_SLOT_LAST; i++)
        hv_l4[i] = 0xabc000 + i;
    for (mfn_t mfn = 0; mfn < NR_FRAMES; mfn++)
        m2p_table[mfn] = INVALID_M2P_ENTRY;
    for (pfn_t pfn = 0; pfn < HARNESS_GUEST_PAGES; pfn++) {
        frame_set_owner(harness_mfn(pfn), FRAME_GUEST);
        m2p_set(harness_mfn(pfn), pfn);
    }
    frames_reset();
    for (unsigned int i = 0; i < HARNESS_FREE_PAGES; i++)
        frames_add(HARNESS_FIRST_MFN + HARNESS_GUEST_PAGES + i);
    d->max_pages = d->nr_pages + HARNESS_FREE_PAGES;
    frame_set_owner(d->shared_info_mfn, FRAME_SHARED);

    for (unsigned int i = 0; i < max_vcpus; i++)
        set_up_vcpu(d->vcpu[i]);
    d->vcpu[0]->arch->initialised = true;
    map_harness_memory();
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_set_timer_op, 0), ==, 0);
    return d;
}

void fake_core_free(struct domain *d)
{
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        struct vcpu_arch *a = d->vcpu[i]->arch;

        g_free(a->traps);
        g_aligned_free(a->stack);
        g_free(a);
    }
    g_clear_pointer(&frame_table, g_free);
    harness_domain_free(d);
}

int64_t fake_hypercall(struct domain *d, unsigned int nr, const uint64_t *args, unsigned int nargs)
{
    struct cpu_regs *regs = guest_regs();
    uint64_t *const places[] = { &regs->rdi, &regs->rsi, &regs->rdx,
                                 &regs->r10, &regs->r8,  &regs->r9 };
    jmp_buf stopped;

    for (unsigned int i = 0; i < G_N_ELEMENTS(places); i++)
        *places[i] = i < nargs ? args[i] : 0xdeadbeefdeadbeefULL;
    regs->rax = nr;
    fake_core.stopped = &stopped;
    if (setjmp(stopped)) {
        fake_core.locked = false;
        return FAKE_STOPPED;
    }
    hypercall_entry(regs);
    g_assert_false(fake_core.locked);
    return (int64_t)regs->rax;
}

/* ---- what cpu/ and lib/ have ---- */

WEAK void dump_guest(void)
{
}

WEAK void console_flush(void)
{
}

WEAK void machine_stop(const char *word, const char *text)
{
    g_snprintf(fake_core.status, sizeof(fake_core.status), "%s %s", word, text);
    g_assert_nonnull(fake_core.stopped);
    fake_core.locked = false; /* whoever had it does not come back */
    longjmp(*fake_core.stopped, 1);
}

/* Not recursive, and given back before the guest runs. */
WEAK void big_lock(void)
{
    g_assert_false(fake_core.locked);
    fake_core.locked = true;
}

WEAK void big_unlock(void)
{
    g_assert_true(fake_core.locked);
    fake_core.locked = false;
}

WEAK void smp_kick(struct vcpu *v)
{
    fake_core.nr_kicks++;
}

WEAK void smp_flush_tlb(struct domain *d, const uint64_t *mask)
{
    fake_core.nr_remote_flushes++;
    fake_core.last_flush_mask = mask ? mask[0] : ~0ULL;
}

WEAK bool fpu_load(const void *area)
{
    return true;
}

WEAK void vcpu_wait(struct vcpu *v, bool (*done)(struct vcpu *v))
{
    g_assert_false(fake_core.locked);
    fake_core.nr_waits++;
}

WEAK void guest_set_ts(struct vcpu *v, bool ts)
{
    fake_core.ts = ts;
}

WEAK bool guest_read_dr(struct vcpu *v, unsigned int nr, uint64_t *ret)
{
    *ret = v->arch->dr[nr];
    return nr != 4 && nr != 5;
}

WEAK bool guest_write_dr(struct vcpu *v, unsigned int nr, uint64_t val)
{
    v->arch->dr[nr] = val;
    return nr != 4 && nr != 5;
}

WEAK void desc_map_guest_gdt(struct vcpu *v)
{
    fake_core.nr_gdt_loads++;
}

WEAK void desc_load_ldt(struct vcpu *v)
{
    fake_core.nr_ldt_loads++;
}

WEAK bool load_user_gs(uint64_t selector)
{
    return true;
}

WEAK void load_data_selectors(const uint16_t selectors[DATA_SELECTORS])
{
}

WEAK void guest_iret(struct vcpu *v, struct cpu_regs *regs)
{
}

WEAK void clock_update_vcpu(struct vcpu *v)
{
}

WEAK void log_write(const char *text, size_t len)
{
}

WEAK int64_t do_event_channel_op(struct vcpu *v, uint32_t cmd, gva_t arg)
{
    return -XEN_ENOSYS;
}

WEAK int64_t do_event_channel_op_compat(struct vcpu *v, gva_t arg)
{
    return -XEN_ENOSYS;
}

WEAK int64_t do_grant_table_op(struct vcpu *v, uint32_t cmd, gva_t uop, uint32_t count)
{
    return -XEN_ENOSYS;
}

WEAK bool evtchn_port_valid(struct domain *d, uint32_t port)
{
    return port > 0 && port < 64;
}

WEAK bool evtchn_pending_port(struct domain *d, uint32_t port)
{
    return port == 2;
}

WEAK void evtchn_send_virq(struct vcpu *v, uint32_t virq)
{
}

WEAK void evtchn_vcpu_info_moved(struct vcpu *v)
{
}
