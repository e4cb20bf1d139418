/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the calls about disks share. */
#pragma once

#include <kxl-block.h>

#include "handler.h"

G_BEGIN_DECLS

/* The disk that path names, by its target or its source; VIR_ERR_INVALID_ARG: none. */
const DomainDisk *find_disk(const DomainDef *def, const char *path, GError **error);
/* The block of the disk that path names, of a running domain's list. */
KxlBlock *find_block(const DomainView *view, GPtrArray *blocks, const char *path, GError **error);
/* The source of a disk's top image, "" when it has none: what events name it by. */
const char *disk_source(const DomainDef *def, const char *target);

/* A disk of a running domain has another image now: its live definition, and the persistent one
 * where it had the same image before, follow. */
/* virDomainBlockJobType */
gint32 block_job_type(KxlBlockJobKind kind);

gboolean follow_image(const Kanzend *kanzend, Domain *domain, const char *target, GError **error);

G_END_DECLS
