/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of xlcfg-options.c for devices: each reads one list and writes it. */
#pragma once

#include "xlcfg-options.h"

G_BEGIN_DECLS

/* xlcfg-disk.c */
gboolean xl_disks_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_disks_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_floppy_parse(XlReader *reader, const XlValue *value, GError **error); /* fda, fdb */
/* xlcfg-vif.c */
gboolean xl_vifs_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_vifs_format(XlWriter *writer, const char *key, GError **error);
/* xlcfg-display.c */
gboolean xl_vfbs_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_vfbs_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_vnc_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_vnc_format(XlWriter *writer, const char *key, GError **error); /* the whole group */
gboolean xl_vnclisten_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_vncdisplay_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_vncunused_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_vncpasswd_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_vncsocket_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_sdl_parse(XlReader *reader, const XlValue *value, GError **error);
/* The top-level vnc and sdl of a guest without an emulated adapter become its vfb; HVM's vnc is on
 * by default. */
void xl_display_finish(XlReader *reader);
/* xlcfg-misc.c */
gboolean xl_pcis_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_pcis_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_channels_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_channels_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_serials_parse(XlReader *reader, const XlValue *value, GError **error);
gboolean xl_serials_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_parallel_format(XlWriter *writer, const char *key, GError **error);
gboolean xl_usbdev_parse(XlReader *reader, const XlValue *value, GError **error);

G_END_DECLS
