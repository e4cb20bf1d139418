/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-core.h"
#include "cpu/bounce.h"
#include "cpu/clock.h"
#include "cpu/desc.h"
#include "cpu/emulate.h"
#include "cpu/exit.h"
#include "cpu/power.h"
#include "lib/log.h"
#include "mm/frames.h"
#include "mm/m2p.h"
#include "mm/pagetable.h"
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

static void *stack;

struct cpu_info *cpu_info(void)
{
    return stack_info(stack);
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
    v->arch = g_new0(struct vcpu_arch, 1);
    v->arch->vcpu_info_mfn = MFN_INVALID;
    v->arch->runstate.state = v->id == 0 ? RUNSTATE_running : RUNSTATE_offline;
    v->arch->cr3_mfn = MFN_INVALID;
    vcpu_timers_init(v);
}

struct domain *fake_core_new(unsigned int max_vcpus)
{
    struct vcpu_arch *arch;
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
    stack = g_aligned_alloc(1, HV_STACK_SIZE, HV_STACK_SIZE);
    memset(stack, 0, HV_STACK_SIZE);
    arch = d->vcpu[0]->arch;
    arch->stack = stack;
    arch->initialised = true;
    arch->traps = g_new0(struct trap_info, 256);
    *stack_info(stack) = (struct cpu_info){ .vcpu = d->vcpu[0],
                                            .vcpu_info = d->vcpu[0]->vcpu_info,
                                            .in_kernel = true };
    map_harness_memory();
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_set_timer_op, 0), ==, 0);
    return d;
}

void fake_core_free(struct domain *d)
{
    g_free(d->vcpu[0]->arch->traps);
    for (unsigned int i = 0; i < d->max_vcpus; i++)
        g_free(d->vcpu[i]->arch);
    g_aligned_free(stack);
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
    if (setjmp(stopped))
        return FAKE_STOPPED;
    hypercall_entry(regs);
    return (int64_t)regs->rax;
}

/* ---- what cpu/ and lib/ have ---- */

WEAK void machine_stop(const char *word, const char *text)
{
    g_snprintf(fake_core.status, sizeof(fake_core.status), "%s %s", word, text);
    g_assert_nonnull(fake_core.stopped);
    longjmp(*fake_core.stopped, 1);
}

WEAK void vcpu_wait(struct vcpu *v, bool (*done)(struct vcpu *v))
{
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
