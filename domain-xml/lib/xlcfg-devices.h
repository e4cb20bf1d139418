/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of xlcfg-options.c for devices: each reads one list and writes it. */
#pragma once

#include "xlcfg-options.h"

G_BEGIN_DECLS

/* xlcfg-disk.c */
gboolean xlcfg_disks_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_disks_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_floppy_parse(XlReader *reader, const XlValue *value, GError **error); /* fda, fdb */
/* xlcfg-vif.c */
gboolean xlcfg_vifs_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_vifs_format(XlWriter *writer, const char *key, GError **error);
/* xlcfg-display.c */
gboolean xlcfg_vfbs_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_vfbs_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_vnc_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_disable_ticketing_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_agent_mouse_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_vnc_format(XlWriter *writer, const char *key, GError **error); /* the whole group */
gboolean xlcfg_vnclisten_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_vncdisplay_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_vncunused_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_vncpasswd_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_vncsocket_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_sdl_parse(XlReader *reader, const XlValue *value, GError **error);
/* The top-level vnc and sdl of a guest without an emulated adapter become its vfb; HVM's vnc is on
 * by default. */
void xlcfg_display_finish(XlReader *reader);
/* xlcfg-misc.c */
gboolean xlcfg_pcis_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_pcis_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_pci_default_parse(XlReader *reader, const XlValue *value, GError **error);
void xlcfg_pci_finish(XlReader *reader); /* the defaults, to devices that do not say themselves */
gboolean xlcfg_channels_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_channels_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_serials_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xlcfg_serials_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_parallel_format(XlWriter *writer, const char *key, GError **error);
gboolean xlcfg_usbdev_parse(XlReader *reader, const XlValue *value, GError **error);

G_END_DECLS
