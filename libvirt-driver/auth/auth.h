/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may come in by SASL; the handlers of authentication ask it. Any thread. */
#pragma once

#include "config/settings.h"

G_BEGIN_DECLS

typedef struct Auth Auth;

Auth *auth_new(void); /* lets in everybody who authenticates */
void auth_free(Auth *auth);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Auth, auth_free)

/* From now on by the [sasl] of these. */
void auth_configure(Auth *auth, const Settings *settings);
gboolean auth_allows_user(Auth *auth, const char *user);

G_END_DECLS
