/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu/desc.h"
#include "cpu/asm.h"
#include "cpu/vcpu.h"
#include "mm/pagetable.h"
#include "alloc.h"
#include <xen/errno.h>

/* SDM 3A 7.7, 64-bit TSS. */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; /* IST n is ist[n - 1] */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap_base;
} __attribute__((packed));

_Static_assert(sizeof(struct tss) == 104, "TSS layout");

struct idt_gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_mid;
    uint32_t offset_high, reserved;
};

_Static_assert(sizeof(struct idt_gate) == 16, "IDT gate layout");

struct table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

#define GATE_INTERRUPT 0x8e

/* Exceptions that have a stack of their own, each with its entry. */
enum ist { IST_NONE, IST_DEBUG, IST_NMI, IST_DF, IST_MCE, NR_IST };

#define IST_STACK_SIZE 1024

extern const char vector_stubs[], syscall64_stubs[], syscall32_stubs[], sysenter_entry[];
extern const char debug_entry[], nmi_entry[], fatal_entry_df[], fatal_entry_mce[];
extern struct {
    uint64_t guest_rsp, stack_top;
} syscall_slots[MAX_VCPUS];

static struct idt_gate idt[256] __attribute__((aligned(16)));

/* What a vCPU has in pages of its own. */
struct vcpu_desc {
    struct tss tss;
    uint8_t ist_stacks[NR_IST][IST_STACK_SIZE] __attribute__((aligned(16)));
};

static const struct {
    uint8_t vector, dpl, ist;
    const char *entry; /* NULL: the vector's stub */
} special_gates[] = {
    { VEC_DEBUG, 0, IST_DEBUG, debug_entry }, { VEC_NMI, 0, IST_NMI, nmi_entry },
    { VEC_INT3, 3, IST_NONE, NULL },          { VEC_OVERFLOW, 3, IST_NONE, NULL },
    { VEC_DF, 0, IST_DF, fatal_entry_df },    { VEC_MCE, 0, IST_MCE, fatal_entry_mce },
    { VEC_INT80, 3, IST_NONE, NULL },         { VEC_HYPERCALL, 1, IST_NONE, NULL },
};

static void set_gate(unsigned int vector, const char *entry, unsigned int dpl, unsigned int ist)
{
    uintptr_t offset = (uintptr_t)entry;

    idt[vector] = (struct idt_gate){
        .offset_low = (uint16_t)offset,
        .selector = SEL_HV_CS,
        .ist = (uint8_t)ist,
        .type = (uint8_t)(GATE_INTERRUPT | dpl << 5),
        .offset_mid = (uint16_t)(offset >> 16),
        .offset_high = (uint32_t)(offset >> 32),
    };
}

void idt_init(void)
{
    for (unsigned int vector = 0; vector < 256; vector++)
        set_gate(vector, vector_stubs + vector * 16, 0, IST_NONE);
    for (unsigned int i = 0; i < ARRAY_SIZE(special_gates); i++) {
        uint8_t vector = special_gates[i].vector;
        const char *entry = special_gates[i].entry;

        set_gate(vector, entry ? entry : vector_stubs + vector * 16, special_gates[i].dpl,
                 special_gates[i].ist);
    }
}

static uint64_t gdt_area(const struct vcpu *v)
{
    return GDT_AREA_VA + (uint64_t)v->id * GDT_AREA_SIZE;
}

/* hv's descriptors are at the same selectors in every vCPU's area. */
static uint64_t *hv_descriptor(const struct vcpu *v, unsigned int selector)
{
    return (uint64_t *)(gdt_area(v) + (selector & ~7U));
}

/* SDM 3A 7.2.3: TSS and LDT descriptors take two entries in 64-bit mode. */
static void set_system_descriptor(uint64_t *desc, unsigned int type, uint64_t base, uint32_t limit)
{
    desc[1] = base >> 32;
    desc[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | (uint64_t)(0x80 | type) << 40 |
              (uint64_t)(limit & 0xf0000) << 32 | (base >> 24 & 0xff) << 56;
}

#define TYPE_LDT 0x2
#define TYPE_TSS 0x9

struct flat_segment {
    uint16_t selector;
    uint64_t descriptor;
};

static const struct flat_segment flat_segments[] = {
    { SEL_HV_CS, 0x00af9b000000ffff },     { SEL_HV_DS, 0x00cf93000000ffff },
    { SEL_USER_CS32, 0x00cffb000000ffff }, { SEL_USER_DS, 0x00cff3000000ffff },
    { SEL_USER_CS64, 0x00affb000000ffff }, { SEL_KERNEL_CS64, 0x00afbb000000ffff },
    { SEL_KERNEL_SS, 0x00cfb3000000ffff },
};

static const struct flat_segment compat_segments[] = {
    { SEL_HV_CS, 0x00af9b000000ffff },
    { SEL_HV_DS, 0x00cf93000000ffff },
    { SEL_COMPAT_KERNEL_CS, 0x00cfbb000000ffff },
    { SEL_COMPAT_KERNEL_DS, 0x00cfb3000000ffff },
    { SEL_COMPAT_USER_CS, 0x00cffb000000ffff },
    { SEL_COMPAT_USER_DS, 0x00cff3000000ffff },
};

static void set_segments(struct vcpu *v, const struct flat_segment *segments, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        *hv_descriptor(v, segments[i].selector) = segments[i].descriptor;
}

static void init_tss(struct vcpu *v, struct vcpu_desc *d)
{
    uint64_t top = (uintptr_t)stack_info(v->arch->stack);

    d->tss.rsp[0] = top;
    d->tss.iomap_base = sizeof(struct tss); /* no bitmap: every port traps */
    for (unsigned int i = IST_DEBUG; i < NR_IST; i++) {
        /* The entries find the vCPU's ordinary stack above the frame. */
        uint64_t *slot = (uint64_t *)(d->ist_stacks[i] + IST_STACK_SIZE - 16);

        *slot = top;
        d->tss.ist[i - 1] = (uintptr_t)slot;
    }
    set_system_descriptor(hv_descriptor(v, SEL_TSS), TYPE_TSS, (uintptr_t)&d->tss,
                          sizeof(struct tss) - 1);
}

int desc_init_vcpu(struct vcpu *v)
{
    void *gdt_page = alloc_pages(0);
    struct vcpu_desc *d = alloc_pages(1);

    _Static_assert(sizeof(struct vcpu_desc) <= 2 * PAGE_SIZE, "two pages");
    if (!gdt_page || !d)
        return -XEN_ENOMEM;
    if (hv_map(gdt_area(v) + FIRST_RESERVED_GDT_BYTE, virt_to_paddr(gdt_page), PAGE_SIZE,
               PTE_RW | PTE_NX))
        return -XEN_ENOMEM;
    if (v->domain->is_32bit)
        set_segments(v, compat_segments, ARRAY_SIZE(compat_segments));
    else
        set_segments(v, flat_segments, ARRAY_SIZE(flat_segments));
    init_tss(v, d);
    syscall_slots[v->id].stack_top = (uintptr_t)stack_info(v->arch->stack);
    desc_map_guest_gdt(v);
    return 0;
}

void desc_load(struct vcpu *v)
{
    struct table_register gdtr = { FIRST_RESERVED_GDT_BYTE + PAGE_SIZE - 1, gdt_area(v) };
    struct table_register idtr = { sizeof(idt) - 1, (uintptr_t)idt };

    *hv_descriptor(v, SEL_TSS) &= ~(2ULL << 40); /* not busy */
    __asm__ __volatile__("lgdt %[gdtr]\n\t"
                         "lidt %[idtr]\n\t"
                         "pushq %[cs]\n\t"
                         "leaq 1f(%%rip), %%rax\n\t"
                         "pushq %%rax\n\t"
                         "lretq\n"
                         "1:\n\t"
                         "mov %[ds], %%ss\n\t"
                         "mov %[zero], %%ds\n\t"
                         "mov %[zero], %%es\n\t"
                         "ltr %[tss]"
                         :
                         : [gdtr] "m"(gdtr), [idtr] "m"(idtr), [cs] "i"(SEL_HV_CS),
                           [ds] "r"(SEL_HV_DS), [zero] "r"(0), [tss] "r"((uint16_t)SEL_TSS)
                         : "rax", "memory");

    /* SYSRET's selectors are those of Linux's users (0x33, 0x2b), the ones worth a short way
     * back. */
    wrmsr(MSR_STAR, (uint64_t)0x23 << 48 | (uint64_t)SEL_HV_CS << 32);
    wrmsr(MSR_LSTAR,
          (uintptr_t)(v->domain->is_32bit ? syscall32_stubs : syscall64_stubs) + v->id * 64);
    wrmsr(MSR_CSTAR, (uintptr_t)syscall32_stubs + v->id * 64);
    wrmsr(MSR_FMASK, RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC | RFLAGS_RF |
                         RFLAGS_IOPL | RFLAGS_VM);
    /* AMD's CPUs do not know it in long mode. SS is the next selector (SDM 2B SYSENTER). */
    wrmsr(MSR_SYSENTER_CS, SEL_HV_CS);
    wrmsr(MSR_SYSENTER_ESP, (uintptr_t)stack_info(v->arch->stack));
    wrmsr(MSR_SYSENTER_EIP, (uintptr_t)sysenter_entry);
}

/* Null descriptors where the guest has no GDT page: a selector that points there faults as it does
 * on hardware, and not on a page that is absent. */
static uint64_t no_descriptors[PAGE_SIZE / sizeof(uint64_t)] __attribute__((aligned(PAGE_SIZE)));

void desc_map_guest_gdt(struct vcpu *v)
{
    uint64_t none = ((uintptr_t)no_descriptors - HV_IMAGE_VA) | PTE_NX | PTE_P;
    unsigned int pages = DIV_ROUND_UP(v->arch->gdt_entries * 8, PAGE_SIZE);

    for (unsigned int i = 0; i < FIRST_RESERVED_GDT_PAGE; i++) {
        uint64_t va = gdt_area(v) + i * PAGE_SIZE;

        *hv_pte(va) =
            i < pages ? v->arch->gdt_frames[i] << PAGE_SHIFT | PTE_RW | PTE_NX | PTE_P : none;
        invlpg(va);
    }
}

void desc_load_ldt(struct vcpu *v)
{
    uint16_t selector = 0;

    if (v->arch->ldt_entries) {
        set_system_descriptor(hv_descriptor(v, SEL_LDT), TYPE_LDT, v->arch->ldt_base,
                              v->arch->ldt_entries * 8 - 1);
        selector = SEL_LDT;
    }
    __asm__ __volatile__("lldt %0" : : "r"(selector));
}
