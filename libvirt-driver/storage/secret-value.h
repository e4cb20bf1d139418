/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The value of the secret that some XML names. */
#pragma once

#include "secret/secret.h"

G_BEGIN_DECLS

/* By UUID, or (NULL) by its use. NULL with an error that names it. */
GBytes *secret_value(SecretRegistry *secrets, const char *uuid, SecretUsage usage,
                     const char *usage_id, GError **error);

G_END_DECLS
