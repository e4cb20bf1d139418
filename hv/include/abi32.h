/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The structures of the ABI as a 32-bit guest lays them out (xen-x86_32.h): longs, pointers and
 * frame numbers have 4 bytes, and 64-bit numbers are aligned to 4. What is not here looks the same
 * to both.
 */
#pragma once

#include "types.h"
#include <xen/xen.h>

#define ABI32_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), "the i386 ABI's size")

struct vcpu_info_32 {
    uint8_t evtchn_upcall_pending, evtchn_upcall_mask;
    uint32_t evtchn_pending_sel;
    uint32_t cr2, pad[5];
    struct vcpu_time_info time;
};
ABI32_SIZE(vcpu_info_32, 64);

struct shared_info_32 {
    struct vcpu_info_32 vcpu_info[32];
    uint32_t evtchn_pending[32], evtchn_mask[32];
    uint32_t wc_version, wc_sec, wc_nsec;
    struct {
        uint32_t max_pfn, pfn_to_mfn_frame_list_list, nmi_reason;
        uint32_t p2m_cr3, p2m_vaddr, p2m_generation;
        uint32_t wc_sec_hi;
    } arch;
};
ABI32_SIZE(shared_info_32, 2344);

struct start_info_32 {
    char magic[32];
    uint32_t nr_pages, shared_info, flags, store_mfn, store_evtchn;
    uint32_t console_mfn, console_evtchn;
    uint32_t pt_base, nr_pt_frames, mfn_list, mod_start, mod_len;
    int8_t cmd_line[MAX_GUEST_CMDLINE];
    uint32_t first_p2m_pfn, nr_p2m_frames;
};
ABI32_SIZE(start_info_32, 1112);

struct trap_info_32 {
    uint8_t vector, flags;
    uint16_t cs;
    uint32_t address;
};
ABI32_SIZE(trap_info_32, 8);

struct multicall_entry_32 {
    uint32_t op, result, args[6];
};
ABI32_SIZE(multicall_entry_32, 32);

struct mmuext_op_32 {
    uint32_t cmd;
    uint32_t arg1, arg2;
};
ABI32_SIZE(mmuext_op_32, 12);

struct memory_reservation_32 {
    uint32_t extent_start, nr_extents, extent_order, mem_flags;
    domid_t domid;
};
ABI32_SIZE(memory_reservation_32, 20);

struct memory_exchange_32 {
    struct memory_reservation_32 in, out;
    uint32_t nr_exchanged;
};
ABI32_SIZE(memory_exchange_32, 44);

struct memory_map_32 {
    uint32_t nr_entries, buffer;
};
ABI32_SIZE(memory_map_32, 8);

struct machphys_mfn_list_32 {
    uint32_t max_extents, extent_start, nr_extents;
};
ABI32_SIZE(machphys_mfn_list_32, 12);

struct machphys_mapping_32 {
    uint32_t v_start, v_end, max_mfn;
};
ABI32_SIZE(machphys_mapping_32, 12);

struct vcpu_runstate_info_32 {
    int32_t state;
    uint32_t state_entry_time[2], time[4][2];
};
ABI32_SIZE(vcpu_runstate_info_32, 44);

struct sched_poll_32 {
    uint32_t ports, nr_ports, timeout[2];
};
ABI32_SIZE(sched_poll_32, 16);

struct callback_register_32 {
    uint16_t type, flags;
    uint32_t cs, eip;
};
ABI32_SIZE(callback_register_32, 12);

struct nmi_callback_32 {
    uint32_t handler_address, pad;
};
ABI32_SIZE(nmi_callback_32, 8);

struct physdev_set_iobitmap_32 {
    uint32_t bitmap, nr_ports;
};
ABI32_SIZE(physdev_set_iobitmap_32, 8);

struct cpu_user_regs_32 {
    uint32_t ebx, ecx, edx, esi, edi, ebp, eax;
    uint16_t error_code, entry_vector;
    uint32_t eip;
    uint16_t cs;
    uint8_t saved_upcall_mask, pad0;
    uint32_t eflags, esp;
    uint16_t ss, pad1, es, pad2, ds, pad3, fs, pad4, gs, pad5;
};
ABI32_SIZE(cpu_user_regs_32, 68);

struct vcpu_guest_context_32 {
    char fpu_ctxt[512];
    uint32_t flags;
    struct cpu_user_regs_32 user_regs;
    struct trap_info_32 trap_ctxt[256];
    uint32_t ldt_base, ldt_ents;
    uint32_t gdt_frames[16], gdt_ents;
    uint32_t kernel_ss, kernel_sp;
    uint32_t ctrlreg[8], debugreg[8];
    uint32_t event_callback_cs, event_callback_eip;
    uint32_t failsafe_callback_cs, failsafe_callback_eip;
    uint32_t vm_assist;
};
ABI32_SIZE(vcpu_guest_context_32, 2800);

/* On the kernel's stack when it calls HYPERVISOR_iret; esp and ss only on the way to an outer
 * ring. */
struct iret_frame_32 {
    uint32_t eax, eip, cs, eflags, esp, ss;
};
ABI32_SIZE(iret_frame_32, 24);

/* CR3 as such a guest writes it, with the frame number's upper bits in the lower ones
 * (xen_pfn_to_cr3()). */
static inline uint32_t abi32_mfn_to_cr3(mfn_t mfn)
{
    return (uint32_t)mfn << 12 | (uint32_t)mfn >> 20;
}
static inline mfn_t abi32_cr3_to_mfn(uint64_t cr3)
{
    return (uint32_t)cr3 >> 12 | (uint32_t)cr3 << 20;
}

#undef ABI32_SIZE
