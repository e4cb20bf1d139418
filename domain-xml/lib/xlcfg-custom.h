/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of xlcfg-options.c that are neither plain fields nor devices. */
#pragma once

#include "xlcfg-options.h"

G_BEGIN_DECLS

gboolean xlcfg_builder_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_type_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_type_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_pvh_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_pvshim_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_uuid_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_vcpus_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_maxvcpus_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_maxvcpus_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_vcpus_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_cpus_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_cpus_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_cpu_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_restart_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_cpus_soft_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_cpus_soft_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_cpuid_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_kernel_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_cmdline_parse(XlReader *reader, const XlValue *value, GError **error);
/* root, extra, nfs_server ...: a piece of the command line, or of the xm guest's network. */
gboolean xlcfg_piece_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_bootloader_args_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_boot_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_rtc_timeoffset_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_firmware_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_bios_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_bios_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_hdtype_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_viridian_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_stdvga_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_dm_args_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_usbdevice_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_usbdevice_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_usbversion_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_name_parse(XlReader *reader, const XlValue *value, GError **error);

/* xlcfg-machine.c, xlcfg-cpuid.c */
gboolean xlcfg_vnuma_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_acpi_firmware_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_vm_genid_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_vm_genid_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_spice_agent_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_usbctrl_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_nomigrate_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_vnuma_finish(XlReader *reader, GError **error);
void xlcfg_spice_finish(XlReader *reader);

/* xlcfg-boot.c: the command line out of its pieces. xlcfg-hvm.c: the disks that other options make
 * or change. */
gboolean xlcfg_boot_finish(XlReader *reader, GError **error);
void xlcfg_hvm_finish(XlReader *reader);
/* What several options make together, and what must be given. */
gboolean xlcfg_custom_finish(XlReader *reader, GError **error);
void xlcfg_reader_clear(XlReader *reader);

G_END_DECLS
