/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every hypercall of the core: what answers what, and that no argument does harm. */
#include "fake-core.h"
#include "mm/frames.h"
#include "mm/m2p.h"
#include "mm/pagetable.h"
#include "pv/console.h"
#include "pv/hypercall.h"
#include <glib.h>
#include <string.h>
#include <xen/memory.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/version.h>

#define CALL(name, ...) HYPERCALL(d, __HYPERVISOR_##name, __VA_ARGS__)

/* Arguments stand here; the page behind it is absent, the one before read-only. */
#define ARG_PFN 101
#define ARG     harness_gva(ARG_PFN, 0)
#define NOWHERE 0xdead0000

static struct domain *set_up(void)
{
    struct domain *d = fake_core_new(4);

    harness_set_access(ARG_PFN - 1, HARNESS_READ_ONLY);
    harness_set_access(ARG_PFN + 1, HARNESS_ABSENT);
    return d;
}

static gva_t put(const void *arg, size_t size)
{
    harness_guest_write(ARG, arg, size);
    return ARG;
}

#define PUT(type, ...) put(&(type){ __VA_ARGS__ }, sizeof(type))

/* ---- the table and its page in docs/ ---- */

static void test_documented(void)
{
    g_autofree char *path = g_build_filename(DOCS_DIR, "hv-abi.md", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GHashTable) documented = g_hash_table_new(g_str_hash, g_str_equal);
    g_auto(GStrv) lines = NULL;
    bool in_table = false;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (char **l = lines; *l; l++) {
        if (g_str_has_prefix(*l, "| hypercall |"))
            in_table = true;
        else if (in_table && !g_str_has_prefix(*l, "|"))
            break;
        else if (in_table && g_str_has_prefix(*l, "| `")) {
            *strchr(*l + 3, '`') = '\0';
            g_hash_table_add(documented, *l + 3);
        }
    }
    for (unsigned int nr = 0; nr < 64; nr++) {
        const struct hypercall *h = hypercall_find(nr);

        /* A 32-bit guest has the same, but for one. */
        g_assert_true(!h == !hypercall_find_32(nr) || nr == __HYPERVISOR_set_segment_base);
        if (h && hypercall_find_32(nr)) {
            g_assert_cmpstr(hypercall_find_32(nr)->name, ==, h->name);
            g_assert_true(hypercall_find_32(nr)->lockless == h->lockless);
        }
        if (!h)
            continue;
        g_test_message("%s", h->name);
        g_assert_true(g_hash_table_remove(documented, h->name));
    }
    g_assert_cmpuint(g_hash_table_size(documented), ==, 0);
}

/* ---- answers ---- */

static void test_dispatch(void)
{
    struct domain *d = set_up();

    g_assert_cmpint(HYPERCALL(d, 63, 0), ==, -XEN_ENOSYS);
    g_assert_cmpint(HYPERCALL(d, 7, 0), ==, -XEN_ENOSYS);
    g_assert_cmpint(HYPERCALL(d, ~0U, 0), ==, -XEN_ENOSYS);
    g_assert_cmpint(CALL(xenpmu_op, 0, 0), ==, -XEN_EOPNOTSUPP);
    fake_core_free(d);
}

static void test_version(void)
{
    struct domain *d = set_up();
    struct xen_feature_info fi;
    char extra[16];

    g_assert_cmphex(CALL(xen_version, XENVER_version), ==, 4 << 16 | 17);
    g_assert_cmpint(CALL(xen_version, XENVER_extraversion, ARG), ==, 0);
    harness_guest_read(extra, ARG, sizeof(extra));
    g_assert_cmpstr(extra, ==, ".kanzen");
    g_assert_cmpint(CALL(xen_version, XENVER_extraversion, NOWHERE), ==, -XEN_EFAULT);
    g_assert_cmpint(CALL(xen_version, XENVER_get_features, PUT(struct xen_feature_info, 0)), ==, 0);
    harness_guest_read(&fi, ARG, sizeof(fi));
    g_assert_true(fi.submap & 1U << XENFEAT_mmu_pt_update_preserve_ad);
    g_assert_false(fi.submap &
                   (1U << XENFEAT_auto_translated_physmap | 1U << XENFEAT_dom0 |
                    1U << XENFEAT_supervisor_mode_kernel | 1U << XENFEAT_pae_pgdir_above_4gb));
    g_assert_cmpint(CALL(vm_assist, VMASST_CMD_enable, VMASST_TYPE_pae_extended_cr3), ==, 0);
    CALL(xen_version, XENVER_get_features, ARG);
    harness_guest_read(&fi, ARG, sizeof(fi));
    g_assert_true(fi.submap & 1U << XENFEAT_pae_pgdir_above_4gb);
    g_assert_cmpint(CALL(xen_version, XENVER_get_features, PUT(struct xen_feature_info, 1)), ==,
                    -XEN_EINVAL);
    g_assert_cmpint(CALL(xen_version, XENVER_capabilities, harness_gva(ARG_PFN, 4000)), ==,
                    -XEN_EFAULT);
    g_assert_cmpint(CALL(xen_version, XENVER_build_id, ARG), ==, -XEN_EPERM);
    g_assert_cmpint(CALL(xen_version, 99, ARG), ==, -XEN_ENOSYS);
    g_assert_cmpint(CALL(vm_assist, VMASST_CMD_enable, VMASST_TYPE_m2p_strict), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(vm_assist, VMASST_CMD_enable, 1000), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(vm_assist, 2, VMASST_TYPE_pae_extended_cr3), ==, -XEN_ENOSYS);
    fake_core_free(d);
}

static void test_traps(void)
{
    struct domain *d = set_up();
    struct vcpu_arch *a = d->vcpu[0]->arch;
    struct trap_info table[] = { { 14, 4, 0xe033, 0xffffffff81000000 },
                                 { 3, 3, 0xe033, 0x400000 },
                                 { 0 } };
    struct trap_info hv = { 14, 0, 0xe033, 0xffff82d080101000 };

    g_assert_cmpint(CALL(set_trap_table, put(table, sizeof(table))), ==, 0);
    g_assert_cmphex(a->traps[14].address, ==, 0xffffffff81000000);
    g_assert_cmpuint(TI_GET_DPL(&a->traps[3]), ==, 3);
    g_assert_cmpint(CALL(set_trap_table, PUT(struct trap_info, .address = 0x8000000000000000)), ==,
                    -XEN_EINVAL);
    g_assert_cmpint(CALL(set_trap_table, put(&hv, sizeof(hv))), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(set_trap_table, NOWHERE), ==, -XEN_EFAULT);
    g_assert_cmpint(CALL(set_trap_table, 0), ==, 0);
    g_assert_cmphex(a->traps[14].address, ==, 0);

    g_assert_cmpint(CALL(set_callbacks, 0x1000, 0x2000, 0x3000), ==, 0);
    g_assert_cmphex(a->callbacks[CALLBACKTYPE_syscall].address, ==, 0x3000);
    g_assert_cmpint(CALL(set_callbacks, 0x4000, 0xffff800000000000, 0), ==, -XEN_EINVAL);
    g_assert_cmphex(a->callbacks[CALLBACKTYPE_event].address, ==, 0x1000);
    g_assert_cmpint(CALL(callback_op, CALLBACKOP_register,
                         PUT(struct callback_register, .type = CALLBACKTYPE_syscall32, .flags = 1,
                             .address = 5)),
                    ==, 0);
    g_assert_true(a->callbacks[CALLBACKTYPE_syscall32].mask_events);
    g_assert_cmpint(
        CALL(callback_op, CALLBACKOP_register, PUT(struct callback_register, .type = 6)), ==,
        -XEN_ENOSYS);
    g_assert_cmpint(CALL(callback_op, CALLBACKOP_unregister,
                         PUT(struct callback_unregister, .type = CALLBACKTYPE_event)),
                    ==, -XEN_EINVAL);
    g_assert_cmpint(
        CALL(callback_op, CALLBACKOP_unregister, PUT(struct callback_unregister, .type = 99)), ==,
        -XEN_ENOSYS);
    g_assert_cmpint(CALL(callback_op, 7, ARG), ==, -XEN_ENOSYS);
    g_assert_cmpint(CALL(nmi_op, XENNMI_register_callback, PUT(struct xennmi_callback, 0x1234)), ==,
                    0);
    g_assert_cmphex(a->callbacks[CALLBACKTYPE_nmi].address, ==, 0x1234);
    g_assert_cmpint(CALL(nmi_op, XENNMI_unregister_callback, 0), ==, 0);
    g_assert_cmphex(a->callbacks[CALLBACKTYPE_nmi].address, ==, 0);
    g_assert_cmpint(CALL(stack_switch, 0xe02b, 0x123450), ==, 0);
    g_assert_cmphex(a->kernel_sp, ==, 0x123450);
    fake_core_free(d);
}

static void test_descriptors(void)
{
    struct domain *d = set_up();
    uint64_t frames[2] = { harness_mfn(50), harness_mfn(51) }, *gdt = harness_page(50);
    uint64_t ma = harness_mfn(50) << PAGE_SHIFT;

    gdt[2] = 0x00af9b000000ffff;
    gdt[3] = 0x0000ec0000081234; /* a call gate into hv */
    g_assert_cmpint(CALL(set_gdt, put(frames, sizeof(frames)), 513), ==, 0);
    g_assert_cmpuint(fake_core.nr_gdt_loads, ==, 1);
    g_assert_cmphex(gdt[2], ==, 0x00afbb000000ffff);
    g_assert_cmphex(gdt[3], ==, 0x00006c0000081234);
    g_assert_cmpint(CALL(set_gdt, ARG, FIRST_RESERVED_GDT_ENTRY + 1), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(set_gdt, ARG, 0xffffffff), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(set_gdt, NOWHERE, 16), ==, -XEN_EFAULT);
    frames[1] = 1;
    g_assert_cmpint(CALL(set_gdt, put(frames, sizeof(frames)), 513), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(set_gdt, 0, 0), ==, 0);

    g_assert_cmpint(CALL(update_descriptor, ma + 32, 0x00cf93000000ffff), ==, 0);
    g_assert_cmphex(gdt[4], ==, 0x00cfb3000000ffff);
    g_assert_cmpint(CALL(update_descriptor, ma + 33, 0), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(update_descriptor, ma + 32, 0x0000ec0000081234), ==, 0);
    g_assert_cmphex(gdt[4], ==, 0x00006c0000081234);
    g_assert_cmpint(CALL(update_descriptor, ma + 32, 0x0000890000000067), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(update_descriptor, 0x1000, 0), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(update_descriptor, ~7ULL, 0), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(update_descriptor, d->shared_info_mfn << PAGE_SHIFT, 0), ==, -XEN_EINVAL);

    g_assert_cmpint(CALL(set_segment_base, SEGBASE_FS, 0x7fff12345678), ==, 0);
    g_assert_cmphex(fake_core.last_msr_value, ==, 0x7fff12345678);
    g_assert_cmpint(CALL(set_segment_base, SEGBASE_GS_USER, 0x8000000000000000), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(set_segment_base, SEGBASE_GS_USER_SEL, 0xffff), ==, 0);
    g_assert_cmpint(CALL(set_segment_base, 4, 0), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(set_debugreg, 8, 0), ==, -XEN_ENODEV);
    g_assert_cmpint(CALL(get_debugreg, 4), ==, -XEN_ENODEV);
    fake_core_free(d);
}

static void test_vcpu_op(void)
{
    struct domain *d = set_up();
    struct vcpu_runstate_info rs;

    g_assert_cmpint(CALL(vcpu_op, VCPUOP_is_up, 0, 0), ==, 1);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_is_up, 3, 0), ==, 0);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_is_up, 4, 0), ==, -XEN_ENOENT);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_is_up, 0xffffffff, 0), ==, -XEN_ENOENT);
    g_assert_cmpint(CALL(vcpu_op, 99, 0, 0), ==, -XEN_ENOSYS);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_get_physid, 0, ARG), ==, -XEN_ENOSYS);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_up, 1, 0), ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_send_nmi, 1, 0), ==, -XEN_EINVAL);

    harness.now_ns = 5000;
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_get_runstate_info, 0, ARG), ==, 0);
    harness_guest_read(&rs, ARG, sizeof(rs));
    g_assert_cmpint(rs.state, ==, RUNSTATE_running);
    g_assert_cmpuint(rs.time[RUNSTATE_running], ==, 5000);

    /* A timer that is past, whether the caller would be told or not. */
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_set_singleshot_timer, 0,
                         PUT(struct vcpu_set_singleshot_timer, 4999, VCPU_SSHOTTMR_future)),
                    ==, 0);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_set_singleshot_timer, 0,
                         PUT(struct vcpu_set_singleshot_timer, 4999, 0)),
                    ==, 0);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_set_singleshot_timer, 1, ARG), ==, -XEN_EINVAL);
    g_assert_cmpint(
        CALL(vcpu_op, VCPUOP_set_periodic_timer, 0, PUT(struct vcpu_set_periodic_timer, 999999)),
        ==, -XEN_EINVAL);
    g_assert_cmpint(
        CALL(vcpu_op, VCPUOP_set_periodic_timer, 0, PUT(struct vcpu_set_periodic_timer, 1000000)),
        ==, 0);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0), ==, 0);
    fake_core_free(d);
}

/* As Linux fills it in. */
static struct vcpu_guest_context *new_context(void)
{
    struct vcpu_guest_context *c = g_new0(struct vcpu_guest_context, 1);

    c->flags = VGCF_IN_KERNEL;
    c->user_regs.rip = 0xffffffff81000000;
    c->user_regs.rsp = 0xffffc90000010000;
    c->user_regs.rflags = 0x1200;
    c->user_regs.cs = 0x10;
    c->trap_ctxt[14] = (struct trap_info){ 14, 4, 0x10, 0xffffffff81000100 };
    c->gdt_frames[0] = harness_mfn(50);
    c->gdt_ents = 16;
    c->kernel_sp = 0xffffc90000010000;
    c->event_callback_eip = 0xffffffff81000200;
    c->ctrlreg[3] = xen_pfn_to_cr3(harness_mfn(FAKE_L4_PFN));
    c->gs_base_kernel = 0xffff888000000000;
    return c;
}

static int64_t initialise(struct domain *d, unsigned int id, const struct vcpu_guest_context *c)
{
    harness_set_access(ARG_PFN + 1, HARNESS_RW);
    harness_guest_write(ARG, c, sizeof(*c));
    return CALL(vcpu_op, VCPUOP_initialise, id, ARG);
}

static void test_vcpu_life(void)
{
    struct domain *d = set_up();
    g_autofree struct vcpu_guest_context *c = new_context();
    const struct cpu_regs *regs = (struct cpu_regs *)stack_info(d->vcpu[1]->arch->stack) - 1;

    g_assert_cmpint(initialise(d, 1, c), ==, 0);
    g_assert_cmpint(initialise(d, 1, c), ==, -XEN_EEXIST);
    g_assert_cmpint(initialise(d, 0, c), ==, -XEN_EEXIST);
    g_assert_cmphex(regs->rip, ==, 0xffffffff81000000);
    g_assert_cmphex(regs->cs, ==, SEL_KERNEL_CS64);
    g_assert_cmphex(regs->rflags, ==, 0x202);
    g_assert_cmphex(d->vcpu[1]->arch->traps[14].address, ==, 0xffffffff81000100);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_is_up, 1, 0), ==, 0);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_up, 1, 0), ==, 0);
    g_assert_cmpuint(fake_core.nr_kicks, ==, 1);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_is_up, 1, 0), ==, 1);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_send_nmi, 1, 0), ==, 0);
    g_assert_true(stack_info(d->vcpu[1]->arch->stack)->work & WORK_NMI);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_down, 1, 0), ==, 0);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_is_up, 1, 0), ==, 0);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_up, 1, 0), ==, 0);
    /* The last one out turns off the light. */
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_down, 0, 0), ==, 0);
    g_assert_true(stack_info(d->vcpu[0]->arch->stack)->work & WORK_OFFLINE);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_down, 1, 0), ==, FAKE_STOPPED);
    g_assert_cmpstr(fake_core.status, ==, "shutdown 0");
    fake_core_free(d);
}

#define REFUSED(change)                                                                            \
    do {                                                                                           \
        g_autofree struct vcpu_guest_context *c = new_context();                                   \
        c->change;                                                                                 \
        g_assert_cmpint(initialise(d, 2, c), ==, -XEN_EINVAL);                                     \
        g_assert_false(d->vcpu[2]->arch->initialised);                                             \
    } while (0)

static void test_bad_context(void)
{
    struct domain *d = set_up();

    REFUSED(user_regs.rip = 0x8000000000000000);
    REFUSED(user_regs.rip = 0xffff82d080101000);
    REFUSED(event_callback_eip = 0x123456789abcdef0);
    REFUSED(failsafe_callback_eip = 0xffff800000000000);
    REFUSED(trap_ctxt[255].address = 0x8000000000000000);
    REFUSED(fs_base = 0x0001000000000000);
    REFUSED(gs_base_kernel = 0x0001000000000000);
    REFUSED(gs_base_user = 0x0001000000000000);
    REFUSED(gdt_ents = 10000);
    REFUSED(gdt_ents = ~0UL);
    REFUSED(gdt_frames[0] = 1);
    REFUSED(ldt_ents = 8193);
    REFUSED(ldt_base = 1);
    REFUSED(ctrlreg[3] = 0);
    REFUSED(ctrlreg[1] = 0x1000);
    g_assert_cmpint(CALL(vcpu_op, VCPUOP_initialise, 2, NOWHERE), ==, -XEN_EFAULT);
    fake_core_free(d);
}

static void test_register_vcpu_info(void)
{
    struct domain *d = set_up();
    vcpu_info_t *moved = (vcpu_info_t *)((char *)harness_page(60) + 64);
    uint64_t top = harness_mfn(61);

    d->vcpu[0]->vcpu_info->evtchn_upcall_mask = 1;
    frame_set_level(top, 4);
#define REGISTER(vcpu, mfn_, offset_)                                                              \
    CALL(vcpu_op, VCPUOP_register_vcpu_info, vcpu,                                                 \
         PUT(struct vcpu_register_vcpu_info, .mfn = mfn_, .offset = offset_))
    g_assert_cmpint(REGISTER(0, harness_mfn(60), PAGE_SIZE - 63), ==, -XEN_EINVAL);
    g_assert_cmpint(REGISTER(0, harness_mfn(60), 4), ==, -XEN_EINVAL);
    g_assert_cmpint(REGISTER(0, 1, 64), ==, -XEN_EINVAL);
    g_assert_cmpint(REGISTER(0, ~0ULL, 64), ==, -XEN_EINVAL);
    g_assert_cmpint(REGISTER(0, top, 64), ==, -XEN_EINVAL);
    g_assert_cmpint(REGISTER(0, harness_mfn(60), 64), ==, 0);
    g_assert_true(d->vcpu[0]->vcpu_info == moved);
    g_assert_cmpuint(moved->evtchn_upcall_mask, ==, 1);
    g_assert_true(cpu_info()->vcpu_info == moved);
    g_assert_cmpint(REGISTER(0, harness_mfn(60), 128), ==, -XEN_EINVAL); /* once only */
    g_assert_cmpint(REGISTER(2, harness_mfn(60), 128), ==, 0);
    fake_core_free(d);
}

static void test_sched(void)
{
    struct domain *d = set_up();
    evtchn_port_t ports[2] = { 3, 4 };
    struct sched_poll poll = { .nr_ports = 2 };

    set_xen_guest_handle_raw(poll.ports, (void *)harness_gva(ARG_PFN, 256));
    harness_guest_write(harness_gva(ARG_PFN, 256), ports, sizeof(ports));
    d->vcpu[0]->vcpu_info->evtchn_upcall_mask = 1;
    g_assert_cmpint(CALL(sched_op, SCHEDOP_yield, 0), ==, 0);
    g_assert_cmpint(CALL(sched_op, SCHEDOP_block, 0), ==, 0);
    g_assert_cmpuint(fake_core.nr_waits, ==, 1);
    g_assert_cmpuint(d->vcpu[0]->vcpu_info->evtchn_upcall_mask, ==, 0);
    d->vcpu[0]->vcpu_info->evtchn_upcall_pending = 1;
    g_assert_cmpint(CALL(sched_op, SCHEDOP_block, 0), ==, 0);
    g_assert_cmpuint(fake_core.nr_waits, ==, 1); /* did not sleep over it */

    g_assert_cmpint(CALL(sched_op, SCHEDOP_poll, put(&poll, sizeof(poll))), ==, 0);
    g_assert_cmpuint(fake_core.nr_waits, ==, 2);
    ports[1] = 2; /* the pending one */
    harness_guest_write(harness_gva(ARG_PFN, 256), ports, sizeof(ports));
    g_assert_cmpint(CALL(sched_op, SCHEDOP_poll, ARG), ==, 0);
    g_assert_cmpuint(fake_core.nr_waits, ==, 2);
    ports[1] = 64;
    harness_guest_write(harness_gva(ARG_PFN, 256), ports, sizeof(ports));
    g_assert_cmpint(CALL(sched_op, SCHEDOP_poll, ARG), ==, -XEN_EINVAL);
    poll.nr_ports = 129;
    g_assert_cmpint(CALL(sched_op, SCHEDOP_poll, put(&poll, sizeof(poll))), ==, -XEN_EINVAL);
    set_xen_guest_handle_raw(poll.ports, (void *)NOWHERE);
    poll.nr_ports = 1;
    g_assert_cmpint(CALL(sched_op, SCHEDOP_poll, put(&poll, sizeof(poll))), ==, -XEN_EFAULT);

    g_assert_cmpint(CALL(sched_op, SCHEDOP_shutdown, PUT(struct sched_shutdown, SHUTDOWN_reboot)),
                    ==, FAKE_STOPPED);
    g_assert_cmpstr(fake_core.status, ==, "shutdown 1");
    g_assert_cmpint(CALL(sched_op_compat, SCHEDOP_shutdown, SHUTDOWN_crash), ==, FAKE_STOPPED);
    g_assert_cmpstr(fake_core.status, ==, "shutdown 3");
    g_assert_cmpint(CALL(sched_op, SCHEDOP_shutdown, PUT(struct sched_shutdown, 99)), ==,
                    FAKE_STOPPED);
    g_assert_cmpstr(fake_core.status, ==, "shutdown 99");
    g_assert_cmpint(CALL(sched_op_compat, SCHEDOP_shutdown, 0x42901003), ==, FAKE_STOPPED);
    g_assert_cmpstr(fake_core.status, ==, "shutdown 3");
    g_assert_cmpint(CALL(sched_op, SCHEDOP_shutdown, NOWHERE), ==, -XEN_EFAULT);
    g_assert_cmpint(CALL(sched_op, SCHEDOP_remote_shutdown, ARG), ==, -XEN_EPERM);
    g_assert_cmpint(CALL(sched_op, 99, ARG), ==, -XEN_ENOSYS);
    fake_core_free(d);
}

static void test_watchdog(void)
{
    struct domain *d = set_up();

#define WATCHDOG(id, timeout)                                                                      \
    CALL(sched_op, SCHEDOP_watchdog, PUT(struct sched_watchdog, id, timeout))
    g_assert_cmpint(WATCHDOG(1, 5), ==, -XEN_EINVAL);
    g_assert_cmpint(WATCHDOG(0, 5), ==, 1);
    g_assert_cmpint(WATCHDOG(0, 5), ==, 2);
    g_assert_cmpint(WATCHDOG(0, 5), ==, -XEN_ENOSPC);
    g_assert_cmpint(WATCHDOG(3, 5), ==, -XEN_EINVAL);
    g_assert_cmpint(WATCHDOG(2, 0), ==, 0);
    g_assert_cmpint(WATCHDOG(2, 7), ==, -XEN_EINVAL);
    g_assert_cmpint(WATCHDOG(1, 9), ==, 0); /* set again */
    harness.now_ns = 8000000000;
    g_assert_cmpuint(harness_run_timers(), ==, 0);
    g_assert_cmpint(WATCHDOG(1, 0), ==, 0);
    fake_core_free(d);
}

static void test_console(void)
{
    struct domain *d = set_up();

    console_io_set_verbose(false);
    g_assert_cmpint(CALL(console_io, CONSOLEIO_write, 5, ARG), ==, -XEN_EPERM);
    console_io_set_verbose(true);
    g_assert_cmpint(CALL(console_io, CONSOLEIO_write, 5, ARG), ==, 0);
    g_assert_cmpint(CALL(console_io, CONSOLEIO_write, 5000, ARG), ==, -XEN_EFAULT);
    g_assert_cmpint(CALL(console_io, CONSOLEIO_read, 5, ARG), ==, 0);
    g_assert_cmpint(CALL(console_io, 9, 5, ARG), ==, -XEN_ENOSYS);
    console_io_set_verbose(false);
    fake_core_free(d);
}

static void test_physdev(void)
{
    struct domain *d = set_up();

    g_assert_cmpint(CALL(physdev_op, PHYSDEVOP_set_iopl, PUT(struct physdev_set_iopl, 3)), ==, 0);
    g_assert_cmpuint(d->vcpu[0]->arch->iopl, ==, 3);
    g_assert_cmpint(CALL(physdev_op, PHYSDEVOP_set_iopl, PUT(struct physdev_set_iopl, 4)), ==,
                    -XEN_EINVAL);
    g_assert_cmpint(CALL(physdev_op, PHYSDEVOP_set_iobitmap,
                         PUT(struct physdev_set_iobitmap, .nr_ports = 65537)),
                    ==, -XEN_EINVAL);
    g_assert_cmpint(CALL(physdev_op, 99, ARG), ==, -XEN_ENOSYS);
    g_assert_cmpint(CALL(physdev_op_compat, NOWHERE), ==, -XEN_EFAULT);
    fake_core_free(d);
}

static void test_multicall(void)
{
    struct domain *d = set_up();
    struct multicall_entry list[] = {
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
        { .op = 99 },
        { .op = __HYPERVISOR_iret },
        { .op = __HYPERVISOR_multicall, .args = { ARG, 1 } },
        { .op = __HYPERVISOR_fpu_taskswitch, .args = { 1 } },
    };

    g_assert_cmpint(CALL(multicall, put(list, sizeof(list)), G_N_ELEMENTS(list)), ==, 0);
    harness_guest_read(list, ARG, sizeof(list));
    g_assert_cmpint((int64_t)list[0].result, ==, 4 << 16 | 17);
    for (unsigned int i = 1; i < 4; i++)
        g_assert_cmpint((int64_t)list[i].result, ==, -XEN_ENOSYS);
    g_assert_true(fake_core.ts);
    g_assert_cmpint(CALL(multicall, harness_gva(ARG_PFN, 4096 - 64), 2), ==, -XEN_EFAULT);
    /* Readable, but the result cannot be written. */
    g_assert_cmpint(CALL(multicall, harness_gva(ARG_PFN - 1, 0), 1), ==, -XEN_EFAULT);
    g_assert_cmpint(CALL(multicall, NOWHERE, 0), ==, 0);
    fake_core_free(d);
}

/* ---- any arguments ---- */

static uint64_t odd_number(void)
{
    static const uint64_t odd[] = { 0,
                                    1,
                                    2,
                                    3,
                                    7,
                                    0x7ff0,
                                    4095,
                                    4096,
                                    0x7fffffff,
                                    0x80000000,
                                    0xffffffff,
                                    ~0ULL,
                                    0x7fffffffffffffff,
                                    0x8000000000000000,
                                    0xffff800000000000,
                                    NOWHERE };
    uint32_t r = (uint32_t)g_test_rand_int();

    switch (r % 8) {
    case 0:
        return odd[r / 8 % G_N_ELEMENTS(odd)];
    case 1:
        return (uint64_t)(uint32_t)g_test_rand_int() << 32 | (uint32_t)g_test_rand_int();
    case 2:
        return harness_gva(ARG_PFN, r / 8 % PAGE_SIZE);
    case 3:
        return ARG;
    case 4: /* a machine address of the guest's */
        return (harness_mfn(r / 8 % HARNESS_GUEST_PAGES) << PAGE_SHIFT) + r / 8192 % 512 * 8;
    case 5: /* a frame: the guest's, free, hv's or none */
        return HARNESS_FIRST_MFN + r / 8 % 4000;
    default:
        return r / 8 % 40;
    }
}

/* What the guest must not be able to do whatever it calls: get hv's frames, lose count of its own,
 * change hv's slots in the page table that is loaded. */
static void check_invariants(struct domain *d)
{
    const uint64_t *l4 = harness_page(FAKE_L4_PFN);
    uint64_t held = 0, nr_free = 0;

    for (mfn_t mfn = 0; mfn < frame_table_size; mfn++) {
        held += frame_owner(mfn) == FRAME_GUEST;
        nr_free += frame_owner(mfn) == FRAME_FREE;
    }
    g_assert_cmpuint(held, ==, d->nr_pages);
    g_assert_cmpuint(nr_free, ==, frames_free_count());
    g_assert_cmpuint(held + nr_free, ==, HARNESS_GUEST_PAGES + HARNESS_FREE_PAGES);
    if (frame_level(harness_mfn(FAKE_L4_PFN)) == 4)
        g_assert_cmpmem(&l4[HV_SLOT_FIRST], 16 * 8, &hv_l4[HV_SLOT_FIRST], 16 * 8);
}

static void test_evil(void)
{
    struct domain *d = set_up();
    struct mmuext_op pin = { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = harness_mfn(FAKE_L4_PFN) };

    g_assert_cmpint(CALL(mmuext_op, put(&pin, sizeof(pin)), 1, 0, DOMID_SELF), ==, 0);
    for (unsigned int n = 0; n < 300000; n++) {
        uint64_t block[64], args[6];
        unsigned int nr = (uint32_t)g_test_rand_int() % 44;

        for (unsigned int i = 0; i < G_N_ELEMENTS(block); i++)
            block[i] = odd_number();
        put(block, sizeof(block));
        for (unsigned int i = 0; i < G_N_ELEMENTS(args); i++)
            args[i] = odd_number();
        if (n % 2)
            args[nr == __HYPERVISOR_memory_op || nr == __HYPERVISOR_sched_op ? 1
                 : nr == __HYPERVISOR_vcpu_op                                ? 2
                                                                             : 0] = ARG;
        if (n % 4 < 3 && (nr == __HYPERVISOR_mmu_update || nr == __HYPERVISOR_mmuext_op))
            args[3] = DOMID_SELF;
        if (nr == __HYPERVISOR_mmu_update || nr == __HYPERVISOR_mmuext_op ||
            nr == __HYPERVISOR_multicall)
            args[1] %= 8;
        fake_hypercall(d, nr, args, 6);
        d->vcpu[0]->arch->vcpu_info_mfn = MFN_INVALID;
        if (n % 1000 == 0)
            check_invariants(d);
    }
    check_invariants(d);
    d->vcpu[0]->vcpu_info = &d->shared_info->vcpu_info[0];
    fake_core_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hypercall/documented", test_documented);
    g_test_add_func("/hypercall/dispatch", test_dispatch);
    g_test_add_func("/hypercall/version", test_version);
    g_test_add_func("/hypercall/traps", test_traps);
    g_test_add_func("/hypercall/descriptors", test_descriptors);
    g_test_add_func("/hypercall/vcpu-op", test_vcpu_op);
    g_test_add_func("/hypercall/vcpu-life", test_vcpu_life);
    g_test_add_func("/hypercall/bad-context", test_bad_context);
    g_test_add_func("/hypercall/register-vcpu-info", test_register_vcpu_info);
    g_test_add_func("/hypercall/sched", test_sched);
    g_test_add_func("/hypercall/watchdog", test_watchdog);
    g_test_add_func("/hypercall/console", test_console);
    g_test_add_func("/hypercall/physdev", test_physdev);
    g_test_add_func("/hypercall/multicall", test_multicall);
    g_test_add_func("/hypercall/evil", test_evil);
    return g_test_run();
}
