/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes as the kernel shows them: one short text in a file
 * (Documentation/filesystems/sysfs). */
#pragma once

#include <glib.h>

#include "rpc/error-codes.h"

G_BEGIN_DECLS

/* The text of dir/file without white space around it. NULL: there is no such file, it cannot be
 * read (as of an interface that is down), it is empty or not UTF-8. */
char *sysfs_text(const char *dir, const char *file);
/* One that is a decimal number and nothing else. */
gboolean sysfs_number(const char *dir, const char *file, guint64 *ret);

/* A path below /sys; below KANZEN_SYSFS_DIR for tests. */
char *sysfs_path(const char *path);
/* One value. code: of the error when the kernel does not take it. */
gboolean sysfs_write(const char *path, const char *value, VirErrorCode code, GError **error);

/* Makes (or takes away) a virtual Fibre Channel port of "hostN", NPIV: Linux
 * Documentation/scsi/scsi_fc_transport.rst. names: "WWPN:WWNN". */
typedef enum { VPORT_CREATE, VPORT_DELETE } VportVerb;
gboolean sysfs_vport(const char *host, VportVerb verb, const char *names, VirErrorCode code,
                     GError **error);

G_END_DECLS
