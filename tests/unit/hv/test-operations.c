/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of operations in docs/hv-abi.md, each asked for at the dispatch table: the page tells
 * what hv answers. */
#include "fake-core.h"
#include "pv/console.h"
#include "pv/hypercall.h"
#include <glib.h>
#include <string.h>
#include <xen/callback.h>
#include <xen/memory.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define ARG     harness_gva(101, 0)
#define NOWHERE 0xdead0000

#define OP(call_, op_)                                                                             \
    {                                                                                              \
        __HYPERVISOR_##call_, #op_, op_                                                            \
    }

/* All that the public headers have for guests. */
static const struct operation {
    unsigned int call;
    const char *name;
    uint64_t op;
} operations[] = {
    OP(memory_op, XENMEM_increase_reservation),
    OP(memory_op, XENMEM_decrease_reservation),
    OP(memory_op, XENMEM_populate_physmap),
    OP(memory_op, XENMEM_maximum_ram_page),
    OP(memory_op, XENMEM_current_reservation),
    OP(memory_op, XENMEM_maximum_reservation),
    OP(memory_op, XENMEM_machphys_mfn_list),
    OP(memory_op, XENMEM_add_to_physmap),
    OP(memory_op, XENMEM_memory_map),
    OP(memory_op, XENMEM_machine_memory_map),
    OP(memory_op, XENMEM_exchange),
    OP(memory_op, XENMEM_machphys_mapping),
    OP(memory_op, XENMEM_set_memory_map),
    OP(memory_op, XENMEM_maximum_gpfn),
    OP(memory_op, XENMEM_remove_from_physmap),
    OP(memory_op, XENMEM_machphys_compat_mfn_list),
    OP(mmuext_op, MMUEXT_PIN_L1_TABLE),
    OP(mmuext_op, MMUEXT_PIN_L2_TABLE),
    OP(mmuext_op, MMUEXT_PIN_L3_TABLE),
    OP(mmuext_op, MMUEXT_PIN_L4_TABLE),
    OP(mmuext_op, MMUEXT_UNPIN_TABLE),
    OP(mmuext_op, MMUEXT_NEW_BASEPTR),
    OP(mmuext_op, MMUEXT_TLB_FLUSH_LOCAL),
    OP(mmuext_op, MMUEXT_INVLPG_LOCAL),
    OP(mmuext_op, MMUEXT_TLB_FLUSH_MULTI),
    OP(mmuext_op, MMUEXT_INVLPG_MULTI),
    OP(mmuext_op, MMUEXT_TLB_FLUSH_ALL),
    OP(mmuext_op, MMUEXT_INVLPG_ALL),
    OP(mmuext_op, MMUEXT_FLUSH_CACHE),
    OP(mmuext_op, MMUEXT_SET_LDT),
    OP(mmuext_op, MMUEXT_NEW_USER_BASEPTR),
    OP(mmuext_op, MMUEXT_CLEAR_PAGE),
    OP(mmuext_op, MMUEXT_COPY_PAGE),
    OP(mmuext_op, MMUEXT_FLUSH_CACHE_GLOBAL),
    OP(mmuext_op, MMUEXT_MARK_SUPER),
    OP(mmuext_op, MMUEXT_UNMARK_SUPER),
    OP(sched_op, SCHEDOP_yield),
    OP(sched_op, SCHEDOP_shutdown),
    OP(sched_op, SCHEDOP_poll),
    OP(sched_op, SCHEDOP_remote_shutdown),
    OP(sched_op, SCHEDOP_shutdown_code),
    OP(sched_op, SCHEDOP_watchdog),
    OP(sched_op, SCHEDOP_pin_override),
    OP(vcpu_op, VCPUOP_initialise),
    OP(vcpu_op, VCPUOP_up),
    OP(vcpu_op, VCPUOP_down),
    OP(vcpu_op, VCPUOP_is_up),
    OP(vcpu_op, VCPUOP_get_runstate_info),
    OP(vcpu_op, VCPUOP_register_runstate_memory_area),
    OP(vcpu_op, VCPUOP_set_periodic_timer),
    OP(vcpu_op, VCPUOP_stop_periodic_timer),
    OP(vcpu_op, VCPUOP_set_singleshot_timer),
    OP(vcpu_op, VCPUOP_stop_singleshot_timer),
    OP(vcpu_op, VCPUOP_register_vcpu_info),
    OP(vcpu_op, VCPUOP_send_nmi),
    OP(vcpu_op, VCPUOP_get_physid),
    OP(vcpu_op, VCPUOP_register_vcpu_time_memory_area),
    OP(xen_version, XENVER_version),
    OP(xen_version, XENVER_extraversion),
    OP(xen_version, XENVER_compile_info),
    OP(xen_version, XENVER_capabilities),
    OP(xen_version, XENVER_changeset),
    OP(xen_version, XENVER_platform_parameters),
    OP(xen_version, XENVER_get_features),
    OP(xen_version, XENVER_pagesize),
    OP(xen_version, XENVER_guest_handle),
    OP(xen_version, XENVER_commandline),
    OP(xen_version, XENVER_build_id),
    OP(callback_op, CALLBACKOP_register),
    OP(callback_op, CALLBACKOP_unregister),
    OP(nmi_op, XENNMI_register_callback),
    OP(nmi_op, XENNMI_unregister_callback),
    OP(physdev_op, PHYSDEVOP_eoi),
    OP(physdev_op, PHYSDEVOP_irq_status_query),
    OP(physdev_op, PHYSDEVOP_set_iopl),
    OP(physdev_op, PHYSDEVOP_set_iobitmap),
    OP(physdev_op, PHYSDEVOP_apic_read),
    OP(physdev_op, PHYSDEVOP_map_pirq),
    OP(physdev_op, PHYSDEVOP_setup_gsi),
    OP(physdev_op, PHYSDEVOP_pci_device_add),
    OP(console_io, CONSOLEIO_write),
    OP(console_io, CONSOLEIO_read),
    OP(set_segment_base, SEGBASE_FS),
    OP(set_segment_base, SEGBASE_GS_USER),
    OP(set_segment_base, SEGBASE_GS_KERNEL),
    OP(set_segment_base, SEGBASE_GS_USER_SEL),
};

static int64_t ask(struct domain *d, const struct operation *o)
{
    struct mmuext_op mmuext = { .cmd = (unsigned int)o->op };

    switch (o->call) {
    case __HYPERVISOR_mmuext_op:
        harness_guest_write(ARG, &mmuext, sizeof(mmuext));
        return HYPERCALL(d, o->call, ARG, 1, 0, DOMID_SELF);
    case __HYPERVISOR_vcpu_op:
        return HYPERCALL(d, o->call, o->op, 0, NOWHERE);
    case __HYPERVISOR_set_segment_base:
        return HYPERCALL(d, o->call, o->op, 0);
    default:
        return HYPERCALL(d, o->call, o->op, NOWHERE, NOWHERE);
    }
}

/* An answer that only operations give that are not there; others complain of what they were given.
 */
static const char *state_of(int64_t rc)
{
    return rc == -XEN_ENOSYS ? "ENOSYS" : rc == -XEN_EPERM ? "EPERM" : "done";
}

/* Operation to state, from the rows "| `NAME` | state |". */
static GHashTable *read_page(void)
{
    g_autofree char *path = g_build_filename(DOCS_DIR, "hv-abi.md", NULL);
    g_autofree char *text = NULL;
    GHashTable *rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) lines = NULL;
    bool in_table = false;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (char **l = lines; *l; l++) {
        g_auto(GStrv) cells = g_strsplit_set(*l, "|`", -1);

        if (g_str_has_prefix(*l, "| operation |"))
            in_table = true;
        else if (!g_str_has_prefix(*l, "|"))
            in_table = false;
        else if (in_table && g_str_has_prefix(*l, "| `") && g_strv_length(cells) == 6)
            g_hash_table_insert(rows, g_strdup(cells[2]), g_strdup(g_strstrip(cells[4])));
    }
    return rows;
}

static void test_page(void)
{
    g_autoptr(GHashTable) page = read_page();

    console_io_set_verbose(false);
    for (unsigned int i = 0; i < G_N_ELEMENTS(operations); i++) {
        struct domain *d = fake_core_new(2);
        const char *state = state_of(ask(d, &operations[i]));

        g_test_message("| `%s` | %s |", operations[i].name, state);
        g_assert_cmpstr(g_hash_table_lookup(page, operations[i].name), ==, state);
        g_hash_table_remove(page, operations[i].name);
        fake_core_free(d);
    }
    g_assert_cmpuint(g_hash_table_size(page), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/operations/page", test_page);
    return g_test_run();
}
