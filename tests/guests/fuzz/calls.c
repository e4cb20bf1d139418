/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random hypercalls with random arguments. */
#include "fuzz.h"

#define NR_BUFFER 4
#define NR_SPARE  4096
#define NR_VICTIM 16
#define SMALL     40

/* Of this many frames behind the first victim's nobody makes use: extents of up to 512 frames
 * (order 9) come and go with those, and with the kernel's own it would be over at once. */
#define VICTIMS_ROOM 1024

static unsigned long *buffer[NR_BUFFER];
static unsigned int spares_used;
static struct {
    char *va;
    unsigned long mfn;
} victim[NR_VICTIM];

static void move_to(unsigned long pfn, uint64_t entry, unsigned long spare_pfn, char *window)
{
    char *va = (char *)(VIRT_BASE + (pfn << PAGE_SHIFT));
    unsigned long *list = (unsigned long *)start_info->mfn_list;
    unsigned long old = pfn_to_mfn(pfn), new = pfn_to_mfn(spare_pfn);

    if (update_va_mapping((unsigned long)window, (uint64_t) new << PAGE_SHIFT | PTE_ORDINARY,
                          UVMF_INVLPG))
        error("frame 0x%lx cannot be mapped", new);
    memcpy(window, va, PAGE_SIZE);
    if (update_va_mapping((unsigned long)va, (uint64_t) new << PAGE_SHIFT | (entry & ~PTE_ADDR),
                          UVMF_INVLPG))
        error("0x%p cannot be moved", va);
    list[pfn] = new;
    list[spare_pfn] = old;
    mmu_update_one((uint64_t) new << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, pfn);
    mmu_update_one((uint64_t)old << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, spare_pfn);
}

/* Small numbers are plausible as anything, frames among them, and on hv those are of this very
 * kernel: it moves. The stack it starts on, soon left, may not while it is in use. */
static void leave_low_frames(void)
{
    extern char stack_top[];
    unsigned long stack = (unsigned long)stack_top - VIRT_BASE, pfn;
    char *window = page_alloc();

    for (pfn = 0; pfn < start_info->nr_pages; pfn++) {
        unsigned long va = VIRT_BASE + (pfn << PAGE_SHIFT);
        uint64_t entry;

        if (pfn_to_mfn(pfn) >= SMALL || va == (unsigned long)window ||
            stack - 1 - (pfn << PAGE_SHIFT) < STACK_SIZE)
            continue;
        entry = pte_read((void *)va, 1);
        if ((entry & PTE_P) && (entry & PTE_ADDR) >> PAGE_SHIFT == pfn_to_mfn(pfn))
            move_to(pfn, entry, pfn_spare(), window);
    }
}

void calls_init(void)
{
    leave_low_frames();
    for (unsigned int i = 0; i < NR_BUFFER; i++)
        buffer[i] = page_alloc();
    for (unsigned int i = 0; i < NR_VICTIM; i++) {
        victim[i].mfn = pfn_to_mfn(start_info->nr_pages - VICTIMS_ROOM + i);
        victim[i].va = frame_map(victim[i].mfn);
    }
}

/* A call may have given the frame away, or changed its mapping: without another one each round
 * would end here, and nothing new be tried. */
void buffer_faulted(unsigned long va)
{
    unsigned long mfn;
    unsigned int n;

    for (unsigned int i = 0; i < NR_BUFFER; i++) {
        if (((unsigned long)buffer[i] ^ va) & PAGE_MASK)
            continue;
        n = __atomic_fetch_add(&spares_used, 1, __ATOMIC_RELAXED) % NR_SPARE;
        mfn = pfn_to_mfn(start_info->nr_pages - VICTIMS_ROOM - 1 - n);
        update_va_mapping((unsigned long)buffer[i], (uint64_t)mfn << PAGE_SHIFT | PTE_ORDINARY,
                          UVMF_INVLPG | UVMF_ALL);
        return;
    }
}

unsigned long victim_mfn(void)
{
    return victim[below(NR_VICTIM)].mfn;
}

/* Numbers, frames, pointers: most of them plausible. */
unsigned long value(void)
{
    static const unsigned long odd[] = { 0,
                                         1,
                                         ~0UL,
                                         ~0UL << 12,
                                         0x7fffffff,
                                         0x80000000,
                                         DOMID_SELF,
                                         DOMID_IO,
                                         0xfff,
                                         4096,
                                         HYPERVISOR_VIRT_START,
                                         HYPERVISOR_VIRT_START - 1 };

    switch (below(10)) {
    case 0:
        return odd[below(ARRAY_SIZE(odd))];
    case 1:
        return (unsigned long)rnd();
    case 2:
        return victim_mfn();
    case 3:
        return victim_mfn() << PAGE_SHIFT | below(4096);
    case 4:
        return (unsigned long)victim[below(NR_VICTIM)].va + below(4096);
    case 5:
        return (unsigned long)buffer[below(NR_BUFFER)] + 4096 - below(64); /* the end of a page */
    case 6:
    case 7:
        return (unsigned long)buffer[below(NR_BUFFER)] + below(512) * 8;
    default:
        return below(SMALL);
    }
}

void fill(void)
{
    unsigned long *b = buffer[below(NR_BUFFER)];
    unsigned int from = below(PAGE_SIZE / sizeof(long)), n = below(64);

    for (unsigned int i = from; i < from + n && i < PAGE_SIZE / sizeof(long); i++)
        b[i] = value();
}

/* What ends or stops the guest at once, and teaches nothing. */
static bool leave_out(unsigned int nr, unsigned long op)
{
    switch (nr) {
    case __HYPERVISOR_iret:
        return true;
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_sched_op_compat:
        return op != SCHEDOP_yield && op < 8;
    case __HYPERVISOR_vcpu_op:
        return op == VCPUOP_down || op == VCPUOP_initialise;
    case __HYPERVISOR_mmuext_op: /* by itself, with operations that are whole */
        return below(4) != 0;
    default:
        return false;
    }
}

void random_mmuext(void)
{
    struct mmuext_op op = { .cmd = below(24) };

    if (op.cmd == MMUEXT_NEW_BASEPTR || op.cmd == MMUEXT_NEW_USER_BASEPTR)
        return;
    op.arg1.mfn = op.cmd == MMUEXT_SET_LDT ? (unsigned long)victim[0].va
                  : below(2)               ? victim_mfn()
                                           : value();
    op.arg2.src_mfn = below(2) ? victim_mfn() : value();
    HC4(mmuext_op, &op, 1, 0, DOMID_SELF);
}

void random_call(void)
{
    unsigned long a[5];
    unsigned int nr = below(44);

    for (unsigned int i = 0; i < 5; i++)
        a[i] = value();
    if (below(2))
        a[0] = below(48); /* sub-operations */
    if (leave_out(nr, a[0]))
        return;
    hypercall(nr, a[0], a[1], a[2], a[3], a[4]);
    if (nr == __HYPERVISOR_multicall || nr == __HYPERVISOR_set_trap_table ||
        nr == __HYPERVISOR_stack_switch || nr == __HYPERVISOR_set_callbacks ||
        nr == __HYPERVISOR_callback_op || nr == __HYPERVISOR_nmi_op)
        vcpu_handlers();
}
