/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands, by the file that has them. Each returns the exit status. */
#pragma once

#include "xl.h"

/* cmd-create.c */
int cmd_create(Xl *xl, const XlArgs *args);
/* cmd-list.c */
int cmd_list(Xl *xl, const XlArgs *args);
int cmd_vm_list(Xl *xl, const XlArgs *args);
/* cmd-name.c */
int cmd_domid(Xl *xl, const XlArgs *args);
int cmd_domname(Xl *xl, const XlArgs *args);
int cmd_save(Xl *xl, const XlArgs *args);
int cmd_restore(Xl *xl, const XlArgs *args);
int cmd_rename(Xl *xl, const XlArgs *args);
/* cmd-lifecycle.c */
int cmd_pause(Xl *xl, const XlArgs *args);
int cmd_unpause(Xl *xl, const XlArgs *args);
int cmd_shutdown(Xl *xl, const XlArgs *args);
int cmd_reboot(Xl *xl, const XlArgs *args);
int cmd_destroy(Xl *xl, const XlArgs *args);
/* cmd-console.c */
int cmd_console(Xl *xl, const XlArgs *args);
int cmd_vncviewer(Xl *xl, const XlArgs *args);
/* cmd-info.c */
int cmd_info(Xl *xl, const XlArgs *args);
int cmd_dmesg(Xl *xl, const XlArgs *args);
int cmd_uptime(Xl *xl, const XlArgs *args);
/* cmd-memory.c */
int cmd_mem_set(Xl *xl, const XlArgs *args);
int cmd_mem_max(Xl *xl, const XlArgs *args);
/* cmd-devices.c */
int cmd_block_list(Xl *xl, const XlArgs *args);
int cmd_network_list(Xl *xl, const XlArgs *args);
/* cmd-hotplug.c */
int cmd_block_attach(Xl *xl, const XlArgs *args);
int cmd_block_detach(Xl *xl, const XlArgs *args);
int cmd_cd_insert(Xl *xl, const XlArgs *args);
int cmd_cd_eject(Xl *xl, const XlArgs *args);
int cmd_network_attach(Xl *xl, const XlArgs *args);
int cmd_network_detach(Xl *xl, const XlArgs *args);
/* cmd-vcpu.c */
int cmd_vcpu_list(Xl *xl, const XlArgs *args);
int cmd_vcpu_set(Xl *xl, const XlArgs *args);
int cmd_vcpu_pin(Xl *xl, const XlArgs *args);
int cmd_sched_credit(Xl *xl, const XlArgs *args);
/* cmd-trigger.c */
int cmd_sysrq(Xl *xl, const XlArgs *args);
int cmd_trigger(Xl *xl, const XlArgs *args);
int cmd_button_press(Xl *xl, const XlArgs *args);
int cmd_dump_core(Xl *xl, const XlArgs *args);
/* cmd-diagnose.c */
int cmd_debug_keys(Xl *xl, const XlArgs *args);
int cmd_hv_stats(Xl *xl, const XlArgs *args);
/* cmd-top.c */
int cmd_top(Xl *xl, const XlArgs *args);
/* cmd-pci.c */
int cmd_pci_assignable_add(Xl *xl, const XlArgs *args);
int cmd_pci_assignable_remove(Xl *xl, const XlArgs *args);
int cmd_pci_assignable_list(Xl *xl, const XlArgs *args);
