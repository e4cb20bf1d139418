/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of xlcfg-options.c that are neither plain fields nor devices. */
#pragma once

#include "xlcfg-options.h"

G_BEGIN_DECLS

gboolean xl_builder_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_type_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_type_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_pvshim_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_uuid_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_vcpus_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_maxvcpus_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_maxvcpus_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_vcpus_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_cpus_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_cpus_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_cpus_soft_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_cpus_soft_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_cpuid_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_cpuid_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_kernel_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_kernel_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_cmdline_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_cmdline_format(XlWriter *writer, const char *key, GError **error);
/* root, extra, nfs_server ...: a piece of the command line, or of the xm guest's network. */
gboolean xl_piece_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_bootloader_args_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_bootloader_args_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_boot_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_boot_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_firmware_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_bios_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_bios_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_hdtype_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_viridian_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_viridian_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_stdvga_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_dm_args_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_dm_args_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_usbdevice_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_usbdevice_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_usbversion_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_name_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_name_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_vm_genid_parse(XlReader *reader, const XlValue *value, GError **error);

/* What several options make together, and what must be given. */
gboolean xl_custom_finish(XlReader *reader, GError **error);
void xl_reader_clear(XlReader *reader);

G_END_DECLS
