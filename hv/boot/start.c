/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the first C instruction to the guest's first. */
#include "boot/bootfile.h"
#include "boot/memory.h"
#include "boot/start.h"
#include "cpu/apic.h"
#include "cpu/asm.h"
#include "cpu/clock.h"
#include "cpu/compat.h"
#include "cpu/desc.h"
#include "cpu/emulate.h"
#include "cpu/entry.h"
#include "cpu/guestcpuid.h"
#include "cpu/biglock.h"
#include "cpu/power.h"
#include "cpu/smp.h"
#include "cpu/vcpu.h"
#include "lib/log.h"
#include "mm/compat.h"
#include "mm/pagetable.h"
#include "pv/builder.h"
#include "pv/console.h"
#include "pv/create.h"
#include "pv/debugkeys.h"
#include "pv/dumpinfo.h"
#include "pv/mmu.h"
#include "alloc.h"
#include "backend.h"
#include "evtchn.h"
#include "grant.h"
#include "irq.h"
#include "kanzen-abi.h"
#include "printk.h"
#include "string.h"
#include "xenstore.h"
#include <xen/arch-x86/hvm/start_info.h>

#ifndef KZ_VERSION
#define KZ_VERSION "unknown"
#endif

extern char hv_boot_stack[HV_STACK_SIZE];

/* Words "name=value" separated by blanks (kanzen-abi.h). */
static void parse_command_line(const char *line)
{
    static const char loglevel[] = "loglevel=";

    while (*line) {
        size_t len = 0;

        while (line[len] && line[len] != ' ')
            len++;
        if (len >= sizeof(loglevel) - 1 && memcmp(line, loglevel, sizeof(loglevel) - 1) == 0) {
            if (!log_set_level(line + sizeof(loglevel) - 1, len - (sizeof(loglevel) - 1)))
                printk(LOG_WARNING, "boot: '%.*s' is no log level, ignoring it", (int)len, line);
        } else if (len > 0) {
            printk(LOG_WARNING, "boot: option '%.*s' is unknown, ignoring it", (int)len, line);
        }
        line += len;
        while (*line == ' ')
            line++;
    }
}

static const struct kz_boot_header *find_boot_file(const struct hvm_start_info *si,
                                                   struct boot_memory *mem, uint64_t *ret_size)
{
    const struct hvm_modlist_entry *mod = paddr_to_virt(si->modlist_paddr);
    const struct kz_boot_header *h;
    const char *error;

    if (si->nr_modules != 1)
        panic("no boot file: start the machine with -initrd");
    if (mod->paddr % PAGE_SIZE || mod->paddr + mod->size > 1UL << 32)
        panic("boot file at 0x%lx: not page-aligned below 4 GiB", mod->paddr);
    h = mfn_to_virt(mod->paddr >> PAGE_SHIFT);
    error = bootfile_check(h, mod->size);
    if (error)
        panic("boot file: %s", error);
    mem->file.start = mod->paddr >> PAGE_SHIFT;
    mem->file.end = mem->file.start + DIV_ROUND_UP(mod->size, PAGE_SIZE);
    *ret_size = mod->size;
    return h;
}

static void run_due_watches(void *opaque)
{
    xs_run_hv_watches(opaque);
}

static void watches_due(void *opaque)
{
    softirq_raise(opaque);
}

static void start_store(struct domain *d, const struct kz_boot_header *h)
{
    static struct softirq watches;
    const char *records = (const char *)h + h->store.offset;

    d->store = xs_new(d->domid);
    if (!d->store)
        panic("no memory for the store");
    if (xs_load(d->store, records, h->store.size) < 0)
        panic("boot file: the store section is malformed");
    watches = (struct softirq){ .fn = run_due_watches, .opaque = d->store };
    xs_set_watch_due(d->store, watches_due, &watches);
}

static void must_work(int rc, const char *what)
{
    if (rc < 0)
        panic("%s cannot be set up: error %d", what, -rc);
}

/* The guest's first state: xen.h "Start-of-day memory layout". */
_Noreturn static void start_guest(struct vcpu *v, const struct pv_start *start)
{
    struct cpu_regs *regs = guest_regs();

    memset(regs, 0, sizeof(*regs));
    regs->rip = start->entry;
    regs->rsp = start->stack_top;
    regs->rsi = start->start_info;
    regs->cs = v->domain->is_32bit ? SEL_COMPAT_KERNEL_CS : SEL_KERNEL_CS64;
    regs->ss = v->domain->is_32bit ? SEL_COMPAT_KERNEL_DS : SEL_KERNEL_SS;
    if (v->domain->is_32bit)
        load_data_selectors(
            (const uint16_t[DATA_SELECTORS]){ SEL_COMPAT_KERNEL_DS, SEL_COMPAT_KERNEL_DS, 0, 0 });
    regs->rflags = RFLAGS_IF | RFLAGS_RESERVED1;
    must_work(mmu_new_baseptr(v, start->cr3_mfn), "the guest's page table");
    v->domain->started = true;
    status_write(KZ_STATUS_GUEST, NULL);
    enter_guest(regs);
}

void hv_start(uint32_t start_info_paddr)
{
    const struct hvm_start_info *si = paddr_to_virt(start_info_paddr);
    const struct kz_boot_header *h;
    struct boot_memory mem = { 0 };
    struct pv_start start;
    struct domain *d;
    uint64_t file_size, epoch_ns;
    int64_t time_offset_s;

    power_init();
    status_write(KZ_STATUS_BOOT, KZ_VERSION);
    if (si->cmdline_paddr)
        parse_command_line(paddr_to_virt(si->cmdline_paddr));
    boot_memory_read(&mem, si);
    h = find_boot_file(si, &mem, &file_size);
    epoch_ns = h->epoch_ns;
    time_offset_s = h->time_offset_s;
    console_io_set_verbose(h->flags & KZ_BOOT_VERBOSE);
    mm_compat = bootfile_kernel_is_32bit(h);
    boot_memory_init(&mem, h->max_pages);
    apic_init();
    clock_start();
    big_lock(); /* once there are other CPUs, they wait until the guest is ready */
    guest_cpuid_init();

    d = domain_create(h, hv_boot_stack);
    idt_init();
    for (uint32_t id = 0; id < d->max_vcpus; id++)
        must_work(desc_init_vcpu(d->vcpu[id]), "a vCPU");
    desc_load(d->vcpu[0]);
    guest_load_cr4(d->vcpu[0]);
    dumpinfo_init(d);
    smp_start(d);
    must_work(evtchn_init(d), "event channels");
    must_work(grant_init(d), "grant tables");
    start_store(d, h);
    pv_build(d, mem.file.start, file_size, &start);
    must_work(store_ring_init(d, start.store_ring, start.store_port), "the store's ring");
    must_work(store_ports_init(d), "the store's ports");
    must_work(console_backend_init(d, start.console_ring, start.console_port), "the console");
    must_work(backend_init(d), "back ends");
    must_work(clock_watch_host(d), "the host's clock");
    must_work(debugkeys_init(d), "debug keys");

    clock_calibrate();
    clock_set_wall(d, epoch_ns, time_offset_s);
    clock_update_vcpu(d->vcpu[0]);
    clock_start_refining(d);
    big_unlock();
    start_guest(d->vcpu[0], &start);
}
