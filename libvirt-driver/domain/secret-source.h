/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <secret> of disks. */
#pragma once

#include <kxl.h>

#include "kanzend.h"

G_BEGIN_DECLS

/* Looks up the value of each secret that a disk of the configuration names. An error leaves no
 * domain started: a secret that is not there, or has no value. */
gboolean resolve_secrets(SecretRegistry *secrets, KxlDomainConfig *config, GError **error);

G_END_DECLS
