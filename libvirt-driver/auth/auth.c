/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth.h"

#include "match.h"
#include "sasl.h"

struct Auth {
    GMutex lock;
    char **users;
};

Auth *auth_new(void)
{
    Auth *auth = g_new0(Auth, 1);

    g_mutex_init(&auth->lock);
    return auth;
}

void auth_free(Auth *auth)
{
    if (auth == NULL)
        return;
    g_strfreev(auth->users);
    g_mutex_clear(&auth->lock);
    g_free(auth);
}

void auth_configure(Auth *auth, const Settings *settings)
{
    sasl_configure(settings->sasl_mechanisms, settings->sasl_database);
    g_mutex_lock(&auth->lock);
    g_strfreev(auth->users);
    auth->users = g_strdupv(settings->sasl_allowed_users);
    g_mutex_unlock(&auth->lock);
}

gboolean auth_allows_user(Auth *auth, const char *user)
{
    gboolean allowed;

    g_mutex_lock(&auth->lock);
    allowed = match_user(auth->users, user);
    g_mutex_unlock(&auth->lock);
    return allowed;
}
