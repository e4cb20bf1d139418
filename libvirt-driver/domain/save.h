/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved images, the managed ones and those that users name. */
#pragma once

#include "handler.h"

G_BEGIN_DECLS

/* The image that a start continues from; new string. Whether it is there. */
char *managed_save_path(DomainRegistry *registry, const char *uuid);
gboolean has_managed_save(DomainRegistry *registry, const char *uuid);
gboolean managed_save_remove(DomainRegistry *registry, const char *uuid, GError **error);

/* What restore flags say; 0: what the image says. */
enum { SAVE_BYPASS_CACHE = 1, SAVE_RUNNING = 2, SAVE_PAUSED = 4 };

/* With the job lock held: starts a domain from the image at path. xml (may be NULL) replaces what
 * the image says of the host's side. */
gboolean restore_domain(DomainRegistry *registry, Domain *domain, const char *path, const char *xml,
                        guint32 flags, GError **error);

G_END_DECLS
